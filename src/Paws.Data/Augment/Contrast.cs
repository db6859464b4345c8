namespace Paws.Data.Augment;

/// <summary>Blends the image with the grey level that is the rounded mean of its luma.</summary>
internal static class Contrast
{
    /// <summary>Factor 0 is flat grey, 1 the image, above 1 more contrast.</summary>
    public static void Apply(Planes image, float factor)
    {
        double mean = (double)Luma.Sum(image) / image.Count;
        Blend.WithLevel(image.All, (int)(mean + 0.5), factor);
    }
}
