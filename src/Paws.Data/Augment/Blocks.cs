using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Paws.Data.Augment;

/// <summary>Transposes small blocks that lie in vectors, by interleaving halves.</summary>
internal static class Blocks
{
    /// <summary>Four rows of four become four columns of four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(ref Vector128<uint> a, ref Vector128<uint> b, ref Vector128<uint> c, ref Vector128<uint> d)
    {
        var (ac0, ac1) = (Low(a, c), High(a, c));
        var (bd0, bd1) = (Low(b, d), High(b, d));
        (a, b, c, d) = (Low(ac0, bd0), High(ac0, bd0), Low(ac1, bd1), High(ac1, bd1));
    }

    /// <summary>Sixteen rows of sixteen bytes become sixteen columns.</summary>
    public static void Transpose(Span<Vector128<byte>> rows)
    {
        Span<Vector128<byte>> other = stackalloc Vector128<byte>[16];
        rows = rows[..16];
        // Each round interleaves row i with row i + 8: after four, the index of a byte and that of its row have changed places.
        Round(rows, other);
        Round(other, rows);
        Round(rows, other);
        Round(other, rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(Span<Vector128<byte>> from, Span<Vector128<byte>> to)
    {
        for (int i = 0; i < 8; i++)
        {
            to[2 * i] = Low(from[i], from[i + 8]);
            to[2 * i + 1] = High(from[i], from[i + 8]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Low(Vector128<uint> a, Vector128<uint> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a[0], b[0], a[1], b[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> High(Vector128<uint> a, Vector128<uint> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a[2], b[2], a[3], b[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Low(Vector128<byte> a, Vector128<byte> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : (Vector128.WidenLower(a) | (Vector128.WidenLower(b) << 8)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> High(Vector128<byte> a, Vector128<byte> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : (Vector128.WidenUpper(a) | (Vector128.WidenUpper(b) << 8)).AsByte();
}
