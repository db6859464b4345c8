using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Paws.Data.Augment;

/// <summary>
/// Bytes to 32-bit lanes and back: the step that every vectorised kernel begins and ends with. Where a machine's vectors are narrower
/// than sixteen lanes, the runtime takes several.
/// </summary>
internal static class Lanes
{
    /// <summary>Lanes of a vector.</summary>
    public const int Count = 16;

    /// <summary>The sixteen bytes from <paramref name="index"/> on, widened.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(ReadOnlySpan<byte> bytes, int index) =>
        Widen(Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(bytes), (nuint)index));

    /// <summary>Writes the low byte of each lane; lanes are in [0, 255].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<int> lanes, Span<byte> bytes, int index) =>
        Pack(lanes).StoreUnsafe(ref MemoryMarshal.GetReference(bytes), (nuint)index);

    /// <summary>Sixteen bytes, widened.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Widen(Vector128<byte> bytes)
    {
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector512Int32(bytes);
        if (Avx2.IsSupported)
            return Vector512.Create(
                Avx2.ConvertToVector256Int32(bytes),
                Avx2.ConvertToVector256Int32(Sse2.ShiftRightLogical128BitLane(bytes, 8))
            );
        var (low, high) = Vector128.Widen(bytes);
        return Vector512.Create(
            Vector256.Create(Vector128.WidenLower(low), Vector128.WidenUpper(low)).AsInt32(),
            Vector256.Create(Vector128.WidenLower(high), Vector128.WidenUpper(high)).AsInt32()
        );
    }

    /// <summary>The low byte of each lane; lanes are in [0, 255].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Pack(Vector512<int> lanes)
    {
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector128Byte(lanes);
        var (low, high) = (lanes.GetLower().AsUInt32(), lanes.GetUpper().AsUInt32());
        return Vector128.Narrow(Vector128.Narrow(low.GetLower(), low.GetUpper()), Vector128.Narrow(high.GetLower(), high.GetUpper()));
    }
}
