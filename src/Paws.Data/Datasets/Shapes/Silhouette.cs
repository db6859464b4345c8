namespace Paws.Data.Datasets.Shapes;

/// <summary>
/// The outlines of the ten classes: signed distances (negative inside) inside the unit circle, y pointing down. Every outline is
/// symmetric left to right, so that a flip changes nothing. Only + − × ÷ √ are used, which round alike on every machine.
/// </summary>
internal static class Silhouette
{
    /// <summary>Class names in label order.</summary>
    public static readonly string[] Names = ["bars", "circle", "columns", "crescent", "cross", "dash", "dots", "pole", "ring", "triangle"];

    private static readonly float[] Cross =
    [
        .. (float[])[0.3f, -0.95f, 0.3f, -0.3f, 0.95f, -0.3f, 0.95f, 0.3f, 0.3f, 0.3f, 0.3f, 0.95f],
        .. (float[])[-0.3f, 0.95f, -0.3f, 0.3f, -0.95f, 0.3f, -0.95f, -0.3f, -0.3f, -0.3f, -0.3f, -0.95f],
    ];

    private static readonly float[] Triangle = [0, -0.95f, 0.9f, 0.75f, -0.9f, 0.75f];

    /// <summary>Distance of a point from a class's outline, negative inside.</summary>
    public static float Distance(int label, float x, float y) =>
        label switch
        {
            0 => Bars(x, y),
            1 => MathF.Sqrt((x * x) + (y * y)) - 0.85f,
            2 => Bars(y, x),
            // Open upwards, like a bowl.
            3 => MathF.Max(MathF.Sqrt((x * x) + (y * y)) - 0.92f, 0.72f - MathF.Sqrt((x * x) + ((y + 0.5f) * (y + 0.5f)))),
            4 => FromPolygon(Cross, x, y),
            5 => FromBox(x, y, 0.95f, 0.24f),
            6 => Dots(x, y),
            7 => FromBox(x, y, 0.24f, 0.95f),
            8 => MathF.Abs(MathF.Sqrt((x * x) + (y * y)) - 0.72f) - 0.17f,
            9 => FromPolygon(Triangle, x, y),
            _ => throw new ArgumentOutOfRangeException(nameof(label), label, "must be in [0, 10)"),
        };

    /// <summary>Three bars, one above the other; the outer two are mirror images, and so is a box.</summary>
    private static float Bars(float x, float y)
    {
        var off = MathF.Abs(y);
        return FromBox(x, off > 0.275f ? off - 0.55f : off, 0.72f, 0.15f);
    }

    /// <summary>Distance from a box about the centre with these half edges.</summary>
    private static float FromBox(float x, float y, float halfWidth, float halfHeight)
    {
        var (beside, above) = (MathF.Abs(x) - halfWidth, MathF.Abs(y) - halfHeight);
        var (outX, outY) = (MathF.Max(beside, 0), MathF.Max(above, 0));
        return MathF.Min(MathF.Max(beside, above), 0) + MathF.Sqrt((outX * outX) + (outY * outY));
    }

    /// <summary>Four dots, as on a die.</summary>
    private static float Dots(float x, float y)
    {
        var (acrossX, acrossY) = (MathF.Abs(x) - 0.5f, MathF.Abs(y) - 0.5f);
        return MathF.Sqrt((acrossX * acrossX) + (acrossY * acrossY)) - 0.29f;
    }

    /// <summary>Distance from a polygon given as x, y, x, y, …; negative inside by the even-odd rule.</summary>
    public static float FromPolygon(ReadOnlySpan<float> corners, float x, float y)
    {
        var nearest = float.MaxValue;
        var inside = false;
        float fromX = corners[^2],
            fromY = corners[^1];
        for (var i = 0; i < corners.Length; i += 2)
        {
            float toX = corners[i],
                toY = corners[i + 1];
            nearest = MathF.Min(nearest, SquaredFromSegment(x, y, fromX, fromY, toX, toY));
            if (fromY > y != toY > y && x < fromX + ((y - fromY) / (toY - fromY) * (toX - fromX)))
            {
                inside = !inside;
            }

            (fromX, fromY) = (toX, toY);
        }

        return inside ? -MathF.Sqrt(nearest) : MathF.Sqrt(nearest);
    }

    /// <summary>Squared distance of a point from a segment.</summary>
    public static float SquaredFromSegment(float x, float y, float fromX, float fromY, float toX, float toY)
    {
        float alongX = toX - fromX,
            alongY = toY - fromY;
        float offX = x - fromX,
            offY = y - fromY;
        var length = (alongX * alongX) + (alongY * alongY);
        var share = length > 0 ? Math.Clamp(((offX * alongX) + (offY * alongY)) / length, 0, 1) : 0;
        var dx = offX - (share * alongX);
        var dy = offY - (share * alongY);
        return (dx * dx) + (dy * dy);
    }
}
