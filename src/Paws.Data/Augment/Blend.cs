using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Paws.Data.Augment;

/// <summary>
/// from + factor · (to − from) in single precision, held to [0, 255] and cut to an integer: what brightness, contrast and
/// saturation have in common (PIL's blend).
/// </summary>
internal static class Blend
{
    /// <summary>Sixteen blends; from and to hold whole numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Lanes(Vector512<float> from, Vector512<float> to, Vector512<float> factor)
    {
        var blended = from + factor * (to - from);
        blended = Vector512.MinNative(Vector512.MaxNative(blended, Vector512<float>.Zero), Vector512.Create(255f));
        return Vector512.ConvertToInt32Native(blended);
    }

    /// <summary>Blends every byte with one grey level.</summary>
    public static void WithLevel(Span<byte> bytes, float level, float factor)
    {
        var (from, by) = (Vector512.Create(level), Vector512.Create(factor));
        for (int i = 0; i < bytes.Length; i += Augment.Lanes.Count)
        {
            var to = Vector512.ConvertToSingle(Augment.Lanes.Load(bytes, i));
            Augment.Lanes.Store(Lanes(from, to, by), bytes, i);
        }
    }
}
