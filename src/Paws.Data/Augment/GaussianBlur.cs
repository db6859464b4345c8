using System.Runtime.Intrinsics;

namespace Paws.Data.Augment;

/// <summary>
/// Gaussian blur as three box blurs of fractional width (Gwosdek and others, "Theoretical foundations of Gaussian convolution
/// by extended box filtering", 2011), in PIL's 24-bit fixed point, edges repeated. Every pass runs down the columns, where
/// neighbours in a row are independent and a vector instruction does eight; rows are blurred by transposing.
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
        scratch.Reserve(Math.Max(width, height), image.Padded);
        for (int channel = 0; channel < 3; channel++)
        {
            var plane = image.Channel(channel);
            var turned = scratch.Turned.AsSpan(0, plane.Length);
            // PIL blurs along the rows first; each result is rounded to a byte, so the order counts.
            Transpose(plane, turned, width, height);
            BlurColumns(turned, height, width, box, scratch);
            Transpose(turned, plane, height, width);
            BlurColumns(plane, width, height, box, scratch);
        }
    }

    private static void BlurColumns(Span<byte> plane, int width, int height, Box box, BlurScratch scratch)
    {
        for (int left = 0; left < width; left += BlurScratch.Lanes)
        {
            int lanes = Math.Min(BlurScratch.Lanes, width - left);
            scratch.Gather(plane, width, height, left, lanes);
            for (int pass = 0; pass < Passes; pass++)
                BlurColumn(scratch, height, box);
            scratch.Scatter(plane, width, height, left, lanes);
        }
    }

    /// <summary>One box blur down a strip of columns: a running sum of the full-weight pixels, and the two ends at the fractional weight.</summary>
    private static void BlurColumn(BlurScratch scratch, int height, Box box)
    {
        var source = scratch.Source.AsSpan(0, height);
        var target = scratch.Target.AsSpan(0, height);
        int last = height - 1,
            reach = box.Reach;
        var sum = source[0] * (uint)(reach + 1);
        for (int y = 0; y < reach; y++)
            sum += source[Math.Min(y, last)];
        for (int y = 0; y < height; y++)
        {
            var leaving = source[Math.Max(y - reach - 1, 0)];
            sum += source[Math.Min(y + reach, last)] - leaving;
            var ends = leaving + source[Math.Min(y + reach + 1, last)];
            target[y] = (sum * box.Inner + ends * box.Outer + Vector256.Create(1u << 23)) >>> 24;
        }
        scratch.Swap();
    }

    private static void Transpose(ReadOnlySpan<byte> source, Span<byte> target, int width, int height)
    {
        for (int y = 0; y < height; y++)
        {
            var row = source.Slice(y * width, width);
            for (int x = 0; x < row.Length; x++)
                target[x * height + y] = row[x];
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

/// <summary>Memory of one thread for blurring.</summary>
internal sealed class BlurScratch
{
    /// <summary>Columns blurred together.</summary>
    public const int Lanes = 8;

    /// <summary>A transposed plane.</summary>
    public byte[] Turned { get; private set; } = [];

    /// <summary>A strip of columns, one vector a row.</summary>
    public Vector256<uint>[] Source { get; private set; } = [];

    /// <summary>Where the next pass writes.</summary>
    public Vector256<uint>[] Target { get; private set; } = [];

    /// <summary>Makes room.</summary>
    public void Reserve(int edge, int pixels)
    {
        if (Source.Length < edge)
            (Source, Target) = (new Vector256<uint>[edge], new Vector256<uint>[edge]);
        if (Turned.Length < pixels)
            Turned = new byte[pixels];
    }

    /// <summary>What was written becomes what is read.</summary>
    public void Swap() => (Source, Target) = (Target, Source);

    /// <summary>Takes a strip of columns out of a plane.</summary>
    public void Gather(ReadOnlySpan<byte> plane, int width, int height, int left, int lanes)
    {
        Span<byte> eight = stackalloc byte[Lanes];
        eight.Clear();
        for (int y = 0; y < height; y++)
        {
            plane.Slice(y * width + left, lanes).CopyTo(eight);
            Source[y] = Augment.Lanes.Load(eight, 0).AsUInt32();
        }
    }

    /// <summary>Puts the strip back.</summary>
    public void Scatter(Span<byte> plane, int width, int height, int left, int lanes)
    {
        Span<byte> eight = stackalloc byte[Lanes];
        for (int y = 0; y < height; y++)
        {
            Augment.Lanes.Store(Source[y].AsInt32(), eight, 0);
            eight[..lanes].CopyTo(plane.Slice(y * width + left, lanes));
        }
    }
}
