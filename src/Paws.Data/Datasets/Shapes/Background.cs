using System.Numerics;

namespace Paws.Data.Datasets.Shapes;

/// <summary>What lies behind the objects: uneven colour, then strokes, blobs and splinters.</summary>
internal static class Background
{
    private const int Size = Canvas.Size;

    /// <summary>Covers the whole canvas.</summary>
    public static void Paint(Canvas canvas, ref SplitMix random, ShapesOptions options)
    {
        var middle = Colour(ref random, options.Backdrop.Least, options.Backdrop.Most);
        for (var y = 0; y < Size; y++)
        {
            for (var x = 0; x < Size; x++)
            {
                canvas[x, y] = middle;
            }
        }

        AddNoise(canvas, ref random, 4, options.Clutter * 0.6f);
        AddNoise(canvas, ref random, 10, options.Clutter * 0.5f);
        var count = options.Distractors.Least + random.Below(options.Distractors.Most - options.Distractors.Least + 1);
        for (var i = 0; i < count; i++)
        {
            AddDistractor(canvas, ref random, options);
        }
    }

    /// <summary>A colour whose channels are independent and uniform.</summary>
    public static Vector3 Colour(ref SplitMix random, float low, float high) =>
        new(random.Between(low, high), random.Between(low, high), random.Between(low, high));

    /// <summary>A random colour whose brightness differs from another's by about the given amount, lighter or darker as there is room.</summary>
    public static Vector3 Against(ref SplitMix random, Vector3 other, float difference)
    {
        var from = Canvas.Brightness(other);
        var lighter = random.Chance(0.5f) ? from + difference <= 245 : from - difference < 10;
        var aim = lighter ? from + difference : from - difference;
        var colour = Colour(ref random, 0, 255);
        return colour + new Vector3(aim - Canvas.Brightness(colour));
    }

    /// <summary>A point anywhere on the canvas.</summary>
    public static Vector2 Point(ref SplitMix random) => new(random.Between(0, Size), random.Between(0, Size));

    /// <summary>A direction, uniform on the circle.</summary>
    public static Vector2 Direction(ref SplitMix random)
    {
        while (true)
        {
            var point = new Vector2(random.Between(-1, 1), random.Between(-1, 1));
            var squared = (point.X * point.X) + (point.Y * point.Y);
            if (squared is > 0.01f and <= 1)
            {
                return point / MathF.Sqrt(squared);
            }
        }
    }

    /// <summary>Colours on a coarse grid, interpolated between.</summary>
    private static void AddNoise(Canvas canvas, ref SplitMix random, int cells, float amplitude)
    {
        Span<Vector3> grid = stackalloc Vector3[(cells + 1) * (cells + 1)];
        foreach (ref var node in grid)
        {
            // Mostly brightness, some colour.
            node = (new Vector3(random.Between(-1, 1)) + (0.5f * Colour(ref random, -1, 1))) * amplitude;
        }

        for (var y = 0; y < Size; y++)
        {
            var v = y * cells / (float)Size;
            var row = (int)v;
            v -= row;
            for (var x = 0; x < Size; x++)
            {
                var u = x * cells / (float)Size;
                var column = (int)u;
                u -= column;
                var at = (row * (cells + 1)) + column;
                var above = grid[at] + ((grid[at + 1] - grid[at]) * u);
                at += cells + 1;
                var below = grid[at] + ((grid[at + 1] - grid[at]) * u);
                canvas[x, y] += above + ((below - above) * v);
            }
        }
    }

    /// <summary>A triangle wave of period 1 in [−1, 1].</summary>
    public static float Wave(float phase) => (4 * MathF.Abs(phase - MathF.Floor(phase + 0.5f))) - 1;

    private static void AddDistractor(Canvas canvas, ref SplitMix random, ShapesOptions options)
    {
        var place = Point(ref random);
        var difference = random.Between(options.DistractorContrast.Least, options.DistractorContrast.Most);
        var colour = Against(ref random, canvas.MeanAround(place.X, place.Y, 4), difference);
        switch (random.Below(3))
        {
            case 0:
                canvas.Stroke(place, Point(ref random), random.Between(0.8f, 3), colour);
                break;
            case 1:
                var along = Direction(ref random) * random.Between(0.5f, 3);
                canvas.Stroke(place - along, place + along, random.Between(3, 8), colour);
                break;
            default:
                Span<float> corners = stackalloc float[6];
                for (var i = 0; i < 6; i += 2)
                {
                    corners[i] = place.X + random.Between(-8, 8);
                    corners[i + 1] = place.Y + random.Between(-8, 8);
                }

                canvas.Polygon(corners, colour);
                break;
        }
    }
}
