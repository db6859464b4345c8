namespace Paws.Data.Augment;

/// <summary>Blends the image with black.</summary>
internal static class Brightness
{
    /// <summary>Factor 0 is black, 1 the image, above 1 brighter.</summary>
    public static void Apply(Planes image, float factor) => Blend.WithLevel(image.All, 0, factor);
}
