using System.Runtime.Intrinsics;

namespace Paws.Data.Augment;

/// <summary>
/// Gaussian blur as three box blurs of fractional width (Gwosdek and others, "Theoretical foundations of Gaussian convolution
/// by extended box filtering", 2011), in PIL's 24-bit fixed point, edges repeated. Sixteen rows are blurred together along their
/// length, then sixteen columns together.
/// </summary>
internal static class GaussianBlur
{
    private const int Passes = 3;

    /// <summary>Radius is the standard deviation in pixels, above 0. The scratch is overwritten.</summary>
    public static void Apply(Planes image, float radius, BlurScratch scratch)
    {
        var box = Box.For(radius);
        int width = image.Width,
            height = image.Height;
        scratch.Reserve(Math.Max(width, height), box.Reach + 1);
        for (int channel = 0; channel < 3; channel++)
        {
            // With the padding, so that a vector may be read past the last row.
            var plane = image.All.Slice(channel * image.Padded, image.Padded);
            // PIL blurs along the rows first; each result is rounded to a byte, so the order counts.
            for (int top = 0; top < height; top += Lanes.Count)
            {
                int rows = Math.Min(Lanes.Count, height - top);
                scratch.GatherRows(plane, width, top, rows);
                Blur(scratch, width, box);
                scratch.ScatterRows(plane, width, top, rows);
            }
            for (int left = 0; left < width; left += Lanes.Count)
            {
                scratch.GatherColumns(plane, width, height, left);
                Blur(scratch, height, box);
                scratch.ScatterColumns(plane, width, height, left);
            }
        }
    }

    private static void Blur(BlurScratch scratch, int length, Box box)
    {
        for (int pass = 0; pass < Passes; pass++)
            Blur(scratch.Lines(length), scratch.Targets(length), length, box);
    }

    /// <summary>
    /// One box blur: a running sum of the full-weight pixels, and the two ends at the fractional weight. Lines have Reach + 1 more at
    /// each end.
    /// </summary>
    private static void Blur(ReadOnlySpan<Vector512<uint>> source, Span<Vector512<uint>> target, int length, Box box)
    {
        int full = 2 * box.Reach + 1;
        var sum = Vector512<uint>.Zero;
        foreach (var line in source[..full])
            sum += line;
        target = target[..length];
        source = source[..(length + full + 1)];
        var half = Vector512.Create(1u << 23);
        for (int i = 0; i < target.Length; i++)
        {
            var (before, behind) = (source[i], source[i + full + 1]);
            sum += source[i + full] - before;
            target[i] = (sum * box.Inner + (before + behind) * box.Outer + half) >>> 24;
        }
    }

    /// <summary>A box of 2 · Reach + 1 pixels of weight Inner with one more of weight Outer at each end; weights sum to about 2²⁴.</summary>
    private readonly record struct Box(int Reach, uint Inner, uint Outer)
    {
        public static Box For(float radius)
        {
            // Single precision throughout, as in PIL: the weights depend on it.
            float variance = radius * radius / Passes;
            float length = (float)Math.Sqrt(12.0 * variance + 1.0);
            float whole = (float)Math.Floor((length - 1.0) / 2.0);
            float part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
            part /= 6 * (variance - (whole + 1) * (whole + 1));
            float box = whole + part;
            int reach = (int)box;
            uint inner = (uint)((1 << 24) / (box * 2 + 1));
            uint outer = (uint)(((1 << 24) - (reach * 2 + 1) * (int)inner) / 2);
            return new Box(reach, inner, outer);
        }
    }
}
