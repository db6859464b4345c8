using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Paws.Data.Augment;

/// <summary>
/// Memory of one thread for blurring: sixteen rows, or sixteen columns, as one vector a place along their length, with the first and
/// the last repeated beyond the ends.
/// </summary>
internal sealed class BlurScratch
{
    private Vector512<uint>[] lines = [];
    private Vector512<uint>[] targets = [];
    private int margin;

    /// <summary>Makes room for so many places, and so many more at each end.</summary>
    public void Reserve(int length, int margin)
    {
        this.margin = margin;
        int needed = length + 2 * margin + Lanes.Count;
        if (lines.Length < needed)
            (lines, targets) = (new Vector512<uint>[needed], new Vector512<uint>[needed]);
    }

    /// <summary>What a pass reads: the places with their repeated ends.</summary>
    public ReadOnlySpan<Vector512<uint>> Lines(int length)
    {
        lines.AsSpan(0, margin).Fill(lines[margin]);
        lines.AsSpan(margin + length, margin).Fill(lines[margin + length - 1]);
        return lines.AsSpan(0, length + 2 * margin);
    }

    /// <summary>What a pass writes, without ends; it is what the next pass reads.</summary>
    public Span<Vector512<uint>> Targets(int length)
    {
        (lines, targets) = (targets, lines);
        return lines.AsSpan(margin, length);
    }

    /// <summary>Takes up to sixteen rows out of a plane.</summary>
    public void GatherRows(ReadOnlySpan<byte> plane, int width, int top, int rows)
    {
        ref byte from = ref MemoryMarshal.GetReference(plane);
        Span<Vector128<byte>> block = stackalloc Vector128<byte>[Lanes.Count];
        for (int left = 0; left < width; left += Lanes.Count)
        {
            for (int row = 0; row < Lanes.Count; row++) // missing rows repeat the last one
                block[row] = Vector128.LoadUnsafe(ref from, (nuint)((top + Math.Min(row, rows - 1)) * width + left));
            Blocks.Transpose(block);
            var to = lines.AsSpan(margin + left, Lanes.Count);
            for (int column = 0; column < Lanes.Count; column++)
                to[column] = Lanes.Widen(block[column]).AsUInt32();
        }
    }

    /// <summary>Puts the rows back.</summary>
    public void ScatterRows(Span<byte> plane, int width, int top, int rows)
    {
        Span<Vector128<byte>> block = stackalloc Vector128<byte>[Lanes.Count];
        for (int left = 0; left < width; left += Lanes.Count)
        {
            var from = lines.AsSpan(margin + left, Lanes.Count);
            for (int column = 0; column < Lanes.Count; column++)
                block[column] = Lanes.Pack(from[column].AsInt32());
            Blocks.Transpose(block);
            for (int row = 0; row < rows; row++)
                Put(block[row], plane, width, top + row, left);
        }
    }

    /// <summary>Takes up to sixteen columns out of a plane.</summary>
    public void GatherColumns(ReadOnlySpan<byte> plane, int width, int height, int left)
    {
        for (int y = 0; y < height; y++)
            lines[margin + y] = Lanes.Load(plane, y * width + left).AsUInt32();
    }

    /// <summary>Puts the columns back.</summary>
    public void ScatterColumns(Span<byte> plane, int width, int height, int left)
    {
        for (int y = 0; y < height; y++)
            Put(Lanes.Pack(lines[margin + y].AsInt32()), plane, width, y, left);
    }

    /// <summary>Writes sixteen pixels of a row, or as many as it has left.</summary>
    private static void Put(Vector128<byte> pixels, Span<byte> plane, int width, int y, int left)
    {
        int at = y * width + left;
        if (left + Lanes.Count <= width)
        {
            pixels.StoreUnsafe(ref MemoryMarshal.GetReference(plane), (nuint)at);
            return;
        }
        for (int i = 0; left + i < width; i++)
            plane[at + i] = pixels[i];
    }
}
