using System.Runtime.Intrinsics;

namespace Paws.Data.Augment;

/// <summary>Blends each pixel with its luma.</summary>
internal static class Saturation
{
    /// <summary>Factor 0 is grey, 1 the image, above 1 stronger colours.</summary>
    public static void Apply(Planes image, float factor)
    {
        var r = image.R;
        var g = image.G;
        var b = image.B;
        var by = Vector512.Create(factor);
        for (int i = 0; i < r.Length; i += Lanes.Count)
        {
            var (red, green, blue) = (Lanes.Load(r, i), Lanes.Load(g, i), Lanes.Load(b, i));
            var grey = Vector512.ConvertToSingle(Luma.Of(red, green, blue));
            Lanes.Store(Blend.Lanes(grey, Vector512.ConvertToSingle(red), by), r, i);
            Lanes.Store(Blend.Lanes(grey, Vector512.ConvertToSingle(green), by), g, i);
            Lanes.Store(Blend.Lanes(grey, Vector512.ConvertToSingle(blue), by), b, i);
        }
    }
}
