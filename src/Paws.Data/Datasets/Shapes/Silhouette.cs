namespace Paws.Data.Datasets.Shapes;

/// <summary>
/// The outlines of the ten classes: signed distances (negative inside) inside the unit circle, y pointing down. Every outline is
/// symmetric left to right, so that a flip changes nothing. Only + − × ÷ √ are used, which round alike on every machine.
/// </summary>
internal static class Silhouette
{
    /// <summary>Class names in label order.</summary>
    public static readonly string[] Names =
    [
        "arrow",
        "circle",
        "crescent",
        "cross",
        "heart",
        "hourglass",
        "ring",
        "square",
        "star",
        "triangle",
    ];

    private static readonly float[] Arrow = [0, -1, 0.8f, -0.1f, 0.3f, -0.1f, 0.3f, 0.95f, -0.3f, 0.95f, -0.3f, -0.1f, -0.8f, -0.1f];

    private static readonly float[] Cross =
    [
        .. (float[])[0.3f, -0.95f, 0.3f, -0.3f, 0.95f, -0.3f, 0.95f, 0.3f, 0.3f, 0.3f, 0.3f, 0.95f],
        .. (float[])[-0.3f, 0.95f, -0.3f, 0.3f, -0.95f, 0.3f, -0.95f, -0.3f, -0.3f, -0.3f, -0.3f, -0.95f],
    ];

    private static readonly float[] Heart = Mirrored([
        0,
        -0.45f,
        0.12f,
        -0.71f,
        0.34f,
        -0.85f,
        0.63f,
        -0.85f,
        0.87f,
        -0.67f,
        0.97f,
        -0.39f,
        0.87f,
        -0.09f,
        0.63f,
        0.18f,
        0,
        0.9f,
    ]);

    private static readonly float[] Hourglass = Mirrored([0, -0.9f, 0.75f, -0.9f, 0.1f, 0, 0.75f, 0.9f, 0, 0.9f]);

    private static readonly float[] Square = [0.72f, -0.72f, 0.72f, 0.72f, -0.72f, 0.72f, -0.72f, -0.72f];

    // A regular five-pointed star with an inner radius of 0.42.
    private static readonly float[] Star = Mirrored([
        0,
        -1,
        0.2469f,
        -0.3398f,
        0.9511f,
        -0.309f,
        0.3994f,
        0.1298f,
        0.5878f,
        0.809f,
        0,
        0.42f,
    ]);

    private static readonly float[] Triangle = [0, -0.95f, 0.9f, 0.75f, -0.9f, 0.75f];

    /// <summary>Distance of a point from a class's outline, negative inside.</summary>
    public static float Distance(int label, float x, float y) =>
        label switch
        {
            0 => FromPolygon(Arrow, x, y),
            1 => MathF.Sqrt((x * x) + (y * y)) - 0.85f,
            // Open upwards, like a bowl.
            2 => MathF.Max(MathF.Sqrt((x * x) + (y * y)) - 0.92f, 0.72f - MathF.Sqrt((x * x) + ((y + 0.5f) * (y + 0.5f)))),
            3 => FromPolygon(Cross, x, y),
            4 => FromPolygon(Heart, x, y),
            5 => FromPolygon(Hourglass, x, y),
            6 => MathF.Abs(MathF.Sqrt((x * x) + (y * y)) - 0.7f) - 0.2f,
            7 => FromPolygon(Square, x, y),
            8 => FromPolygon(Star, x, y),
            9 => FromPolygon(Triangle, x, y),
            _ => throw new ArgumentOutOfRangeException(nameof(label), label, "must be in [0, 10)"),
        };

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

    /// <summary>The right half of an outline from top to bottom, completed by its mirror image.</summary>
    private static float[] Mirrored(float[] right)
    {
        var corners = new List<float>(right);
        for (var i = right.Length - 2; i >= 0; i -= 2)
        {
            if (right[i] != 0)
            {
                corners.Add(-right[i]);
                corners.Add(right[i + 1]);
            }
        }

        return [.. corners];
    }
}
