using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Paws.Data.Augment;

/// <summary>Bytes to 32-bit lanes and back: the step that every vectorised kernel begins and ends with.</summary>
internal static class Lanes
{
    /// <summary>Lanes of a vector.</summary>
    public const int Count = 8;

    /// <summary>The eight bytes from <paramref name="index"/> on, widened.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(Span<byte> bytes, int index)
    {
        ulong eight = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), index));
        var low = Vector128.CreateScalar(eight).AsByte();
        if (Avx2.IsSupported)
            return Avx2.ConvertToVector256Int32(low);
        var wide = Vector128.WidenLower(low);
        return Vector256.Create(Vector128.WidenLower(wide), Vector128.WidenUpper(wide)).AsInt32();
    }

    /// <summary>Writes the low byte of each lane; lanes are in [0, 255].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> lanes, Span<byte> bytes, int index)
    {
        var words = Vector128.Narrow(lanes.GetLower(), lanes.GetUpper());
        var packed = Vector128.Narrow(words, words).AsUInt64().ToScalar();
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), index), packed);
    }

    /// <summary>The four bytes at a place, widened.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadPixel(ref byte place)
    {
        var four = Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>(ref place)).AsByte();
        return Sse41.IsSupported ? Sse41.ConvertToVector128Int32(four) : Vector128.WidenLower(Vector128.WidenLower(four)).AsInt32();
    }

    /// <summary>The low bytes of four lanes; lanes are in [0, 255].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint PackPixel(Vector128<int> lanes)
    {
        var words = Vector128.Narrow(lanes, lanes);
        return Vector128.Narrow(words, words).AsUInt32().ToScalar();
    }
}
