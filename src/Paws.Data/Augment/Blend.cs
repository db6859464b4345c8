using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Paws.Data.Augment;

/// <summary>
/// from + factor · (to − from) in single precision, held to [0, 255] and cut to an integer: what brightness, contrast and
/// saturation have in common (PIL's blend).
/// </summary>
internal static class Blend
{
    /// <summary>Eight blends; from and to hold whole numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Lanes(Vector256<float> from, Vector256<float> to, Vector256<float> factor)
    {
        var blended = from + factor * (to - from);
        blended = Vector256.MinNative(Vector256.MaxNative(blended, Vector256<float>.Zero), Vector256.Create(255f));
        return Vector256.ConvertToInt32Native(blended);
    }

    /// <summary>Blends every byte with one grey level.</summary>
    public static void WithLevel(Span<byte> bytes, float level, float factor)
    {
        var (from, by) = (Vector256.Create(level), Vector256.Create(factor));
        for (int i = 0; i < bytes.Length; i += Augment.Lanes.Count)
        {
            var to = Vector256.ConvertToSingle(Augment.Lanes.Load(bytes, i));
            Augment.Lanes.Store(Lanes(from, to, by), bytes, i);
        }
    }
}
