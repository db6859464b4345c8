namespace Paws.Data.Augment;

/// <summary>Histogram equalisation, each channel by itself, with PIL's integer rounding.</summary>
internal static class Equalize
{
    /// <summary>In place. A channel of one value, or too few pixels to spread, stays as it is.</summary>
    public static void Apply(Planes image)
    {
        for (int channel = 0; channel < 3; channel++)
            Apply(image.Channel(channel));
    }

    private static void Apply(Span<byte> plane)
    {
        Span<int> histogram = stackalloc int[256];
        histogram.Clear();
        foreach (byte value in plane)
            histogram[value]++;

        int brightest = 255;
        while (histogram[brightest] == 0)
            brightest--;
        int step = (plane.Length - histogram[brightest]) / 255;
        if (step == 0)
            return;

        Span<byte> table = stackalloc byte[256];
        int below = step / 2;
        for (int value = 0; value <= brightest; value++)
        {
            table[value] = (byte)Math.Min(255, below / step);
            below += histogram[value];
        }
        foreach (ref byte value in plane)
            value = table[value];
    }
}
