using System.Numerics;

namespace Paws.Data.Datasets.Shapes;

/// <summary>A 32×32 image in the making: RGB in [0, 255] as vectors, and anti-aliased painting by signed distance.</summary>
internal sealed class Canvas
{
    /// <summary>Edge in pixels.</summary>
    public const int Size = 32;

    private readonly Vector3[] pixels = new Vector3[Size * Size];

    /// <summary>Brightness as the eye weighs it.</summary>
    public static float Brightness(Vector3 colour) => (0.299f * colour.X) + (0.587f * colour.Y) + (0.114f * colour.Z);

    /// <summary>The colour of a pixel.</summary>
    public ref Vector3 this[int x, int y] => ref pixels[(y * Size) + x];

    /// <summary>Mean colour within a square about a point.</summary>
    public Vector3 MeanAround(float x, float y, float radius)
    {
        var sum = Vector3.Zero;
        var count = 0;
        var (left, top, right, bottom) = Bounds(x, y, radius);
        for (var row = top; row < bottom; row++)
        {
            for (var column = left; column < right; column++)
            {
                sum += this[column, row];
                count++;
            }
        }

        return sum / Math.Max(1, count);
    }

    /// <summary>Pixels whose centres may lie within a distance of a point.</summary>
    public static (int Left, int Top, int Right, int Bottom) Bounds(float x, float y, float radius) =>
        (
            Math.Clamp((int)(x - radius - 1), 0, Size),
            Math.Clamp((int)(y - radius - 1), 0, Size),
            Math.Clamp((int)(x + radius + 2), 0, Size),
            Math.Clamp((int)(y + radius + 2), 0, Size)
        );

    /// <summary>Paints one pixel as far as an outline at this distance (in pixels, negative inside) covers it.</summary>
    public void Paint(int x, int y, float distance, Vector3 colour)
    {
        var cover = Math.Clamp(0.5f - distance, 0, 1);
        ref var pixel = ref this[x, y];
        pixel += cover * (colour - pixel);
    }

    /// <summary>A stroke with round ends.</summary>
    public void Stroke(Vector2 from, Vector2 to, float width, Vector3 colour)
    {
        var middle = (from + to) / 2;
        var reach = (MathF.Max(MathF.Abs(to.X - from.X), MathF.Abs(to.Y - from.Y)) + width) / 2;
        var (left, top, right, bottom) = Bounds(middle.X, middle.Y, reach);
        for (var y = top; y < bottom; y++)
        {
            for (var x = left; x < right; x++)
            {
                var squared = Silhouette.SquaredFromSegment(x + 0.5f, y + 0.5f, from.X, from.Y, to.X, to.Y);
                Paint(x, y, MathF.Sqrt(squared) - (width / 2), colour);
            }
        }
    }

    /// <summary>A polygon, corners as x, y, x, y, … in pixels.</summary>
    public void Polygon(ReadOnlySpan<float> corners, Vector3 colour)
    {
        for (var y = 0; y < Size; y++)
        {
            for (var x = 0; x < Size; x++)
            {
                Paint(x, y, Silhouette.FromPolygon(corners, x + 0.5f, y + 0.5f), colour);
            }
        }
    }

    /// <summary>Adds noise to single pixels, applies contrast and brightness, and rounds to bytes: Size · Size · 3, interleaved.</summary>
    public void Develop(ref SplitMix random, float noise, float contrast, float brightness, Span<byte> rgb)
    {
        var at = 0;
        foreach (var pixel in pixels)
        {
            // Three differences of 10-bit numbers: a triangular distribution for each channel from one draw.
            var bits = random.Next();
            var grain = new Vector3(Grain(bits), Grain(bits >> 20), Grain(bits >> 40)) * (noise / 1024);
            var colour = ((pixel + grain - new Vector3(128)) * contrast) + new Vector3(128 + brightness);
            rgb[at++] = ToByte(colour.X);
            rgb[at++] = ToByte(colour.Y);
            rgb[at++] = ToByte(colour.Z);
        }
    }

    private static float Grain(ulong bits) => (int)(bits & 1023) - (int)((bits >> 10) & 1023);

    private static byte ToByte(float value) => (byte)Math.Clamp(value + 0.5f, 0, 255);
}
