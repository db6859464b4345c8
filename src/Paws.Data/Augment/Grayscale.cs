namespace Paws.Data.Augment;

/// <summary>Drops colour: each channel becomes the luma.</summary>
internal static class Grayscale
{
    /// <summary>In place.</summary>
    public static void Apply(Planes image)
    {
        var r = image.R;
        var g = image.G;
        var b = image.B;
        for (int i = 0; i < r.Length; i += Lanes.Count)
            Lanes.Store(Luma.Of(Lanes.Load(r, i), Lanes.Load(g, i), Lanes.Load(b, i)), r, i);
        r.CopyTo(g);
        r.CopyTo(b);
    }
}
