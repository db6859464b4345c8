using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Paws.Data.Augment;

/// <summary>Inverts every byte at or above a threshold.</summary>
internal static class Solarize
{
    /// <summary>Threshold in [0, 256]; 256 leaves the image as it is.</summary>
    public static void Apply(Planes image, double threshold)
    {
        // v ≥ threshold and v ≥ ⌈threshold⌉ say the same of whole numbers.
        int least = Math.Max(0, (int)Math.Ceiling(threshold));
        if (least > 255)
            return;
        var from = Vector256.Create((byte)least);
        foreach (ref var bytes in MemoryMarshal.Cast<byte, Vector256<byte>>(image.All))
            bytes ^= Vector256.GreaterThanOrEqual(bytes, from); // 255 − v = v xor 255
    }
}
