namespace Paws.Data.Augment;

/// <summary>
/// Turns the hue by way of 8-bit HSV: the hue is quantised to 256 steps on the way, as in PIL, and the turn is cut to whole
/// steps of 1/255. Intermediate precision follows PIL's, so that results are its, bit for bit.
/// </summary>
internal static class Hue
{
    /// <summary>Shift in [−0.5, 0.5], as a share of the full circle.</summary>
    public static void Apply(Planes image, double shift)
    {
        byte turn = (byte)(int)(shift * 255);
        var r = image.R;
        var g = image.G;
        var b = image.B;
        for (int i = 0; i < image.Count; i++)
            Turn(ref r[i], ref g[i], ref b[i], turn);
    }

    private static void Turn(ref byte red, ref byte green, ref byte blue, byte turn)
    {
        int value = Math.Max(red, Math.Max(green, blue));
        int least = Math.Min(red, Math.Min(green, blue));
        if (value == least)
            return;
        float range = value - least;
        float rc = (value - red) / range,
            gc = (value - green) / range,
            bc = (value - blue) / range;
        float h =
            red == value ? bc - gc
            : green == value ? (float)(2.0 + rc - bc)
            : (float)(4.0 + gc - rc);
        double circle = h / 6.0 + 1.0;
        h = (float)(circle >= 1 ? circle - 1 : circle);
        int hue = (byte)((int)(h * 255.0) + turn);
        int saturation = (int)(range / value * 255.0);
        if (saturation == 0)
        {
            red = green = blue = (byte)value;
            return;
        }
        int sextant = hue * 6 / 255;
        float f = (float)(hue * 6.0 / 255.0 - sextant);
        float fs = (float)(saturation / 255.0);
        byte v = (byte)value;
        byte p = (byte)(value * (1.0 - fs) + 0.5);
        byte q = (byte)(value * (1.0 - fs * f) + 0.5);
        byte t = (byte)(value * (1.0 - fs * (1.0 - f)) + 0.5);
        (red, green, blue) = (sextant % 6) switch
        {
            0 => (v, t, p),
            1 => (q, v, p),
            2 => (p, v, t),
            3 => (p, q, v),
            4 => (t, p, v),
            _ => (v, p, q),
        };
    }
}
