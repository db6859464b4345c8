using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Paws.Kernels;

/// <summary>Numbers of the upper 16 bits of a float, rounded to nearest, ties to even, as libtorch does.</summary>
internal static unsafe class Bf16
{
    public static ushort Round(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7FC0 : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    public static float Widen(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ushort* from) =>
        Vector512.ShiftLeft(Avx512F.ConvertToVector512UInt32(Vector256.Load(from)), 16).AsSingle();

    /// <summary>Not for NaN, whose payload may overflow to infinity or zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Round(Vector512<float> value) =>
        Avx512F.ConvertToVector256UInt16(Vector512.ShiftRightLogical(Biased(value), 16));

    /// <summary>The rounded number as the upper 16 bits of each float; the lower are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RoundInPlace(Vector512<float> value) => Biased(value) & Vector512.Create(0xFFFF0000u);

    /// <summary>Stores numbers that RoundInPlace made.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<uint> rounded, ushort* to) =>
        Avx512F.ConvertToVector256UInt16(Vector512.ShiftRightLogical(rounded, 16)).Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Biased(Vector512<float> value)
    {
        var bits = value.AsUInt32();
        return bits + (Vector512.ShiftRightLogical(bits, 16) & Vector512<uint>.One) + Vector512.Create(0x7FFFu);
    }
}
