using System.Runtime.InteropServices;
using Paws.Data.Loading;

namespace Paws.Data.Augment;

/// <summary>
/// Turns bytes into (v / 255 − mean) / std of the channel and interleaves them (height, width, channel), by a table of the 256
/// values of each channel. A thread keeps the table of its last recipe.
/// </summary>
internal sealed class Normalize
{
    private readonly float[] single = new float[3 * 256];
    private readonly ushort[] brain = new ushort[3 * 256];
    private readonly byte[] low = new byte[3 * 256]; // of brain
    private readonly byte[] high = new byte[3 * 256];
    private (float, float, float) mean = (float.NaN, 0, 0);
    private (float, float, float) std;

    /// <summary>bfloat16 nearest to a finite value, ties to even.</summary>
    public static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>Writes the image; the destination holds exactly its pixels.</summary>
    public void Write(Planes image, ViewRecipe recipe, PixelType type, Span<byte> destination)
    {
        Prepare(recipe);
        if (type == PixelType.Float32)
            Interleave(image, single, MemoryMarshal.Cast<byte, float>(destination), 0);
        else
        {
            var words = MemoryMarshal.Cast<byte, ushort>(destination);
            int done = ByteTables.IsSupported ? ByteTables.Interleave(image, low, high, words) : 0;
            Interleave(image, brain, words, done);
        }
    }

    private void Prepare(ViewRecipe recipe)
    {
        if (mean == recipe.Mean && std == recipe.Std)
            return;
        Fill(0, recipe.Mean.R, recipe.Std.R);
        Fill(1, recipe.Mean.G, recipe.Std.G);
        Fill(2, recipe.Mean.B, recipe.Std.B);
        (mean, std) = (recipe.Mean, recipe.Std);
    }

    private void Fill(int channel, float mean, float std)
    {
        for (int value = 0; value < 256; value++)
        {
            float normal = (value / 255f - mean) / std;
            single[channel * 256 + value] = normal;
            ushort rounded = ToBFloat16(normal);
            brain[channel * 256 + value] = rounded;
            (low[channel * 256 + value], high[channel * 256 + value]) = ((byte)rounded, (byte)(rounded >> 8));
        }
    }

    private static void Interleave<T>(Planes image, T[] table, Span<T> destination, int from)
    {
        int count = image.Count;
        var r = image.R[..count];
        var g = image.G[..count];
        var b = image.B[..count];
        var red = table.AsSpan(0, 256);
        var green = table.AsSpan(256, 256);
        var blue = table.AsSpan(512, 256);
        destination = destination[..(3 * count)];
        for (int i = from, at = 3 * from; i < r.Length; i++, at += 3)
        {
            destination[at] = red[r[i]];
            destination[at + 1] = green[g[i]];
            destination[at + 2] = blue[b[i]];
        }
    }
}
