using System.Runtime.Intrinsics;

namespace Paws.Data.Augment;

/// <summary>
/// Turns the hue by way of 8-bit HSV: hue and saturation are quantised to 1/255 on the way, and the turn is cut to whole
/// steps, as in PIL. PIL computes in double precision in places; the order of operations here gives the same bytes in single
/// precision (a test compares them).
/// </summary>
internal static class Hue
{
    /// <summary>Shift in [−0.5, 0.5], as a share of the full circle.</summary>
    public static void Apply(Planes image, double shift)
    {
        var turn = Vector512.Create((int)(shift * 255));
        var reds = image.R;
        var greens = image.G;
        var blues = image.B;
        for (int i = 0; i < reds.Length; i += Lanes.Count)
        {
            var r = Lanes.Load(reds, i);
            var g = Lanes.Load(greens, i);
            var b = Lanes.Load(blues, i);
            var value = Vector512.Max(r, Vector512.Max(g, b));
            var least = Vector512.Min(r, Vector512.Min(g, b));
            var range = value - least;

            var hue = (Encode(r, g, b, value, least, range) + turn) & Vector512.Create(255);
            var brightness = Vector512.ConvertToSingle(value);
            var saturation = Cut(Vector512.ConvertToSingle(range) / brightness * 255f);

            // Sextant of the circle and the position in it: hue · 6 = 255 · sextant + position.
            var sixfold = hue * 6;
            var sextant = (sixfold + Vector512<int>.One + (sixfold >>> 8)) >>> 8; // ⌊n / 255⌋ for n < 65535
            var within = Vector512.ConvertToSingle(sixfold - sextant * 255) / 255f;
            var strength = Vector512.ConvertToSingle(saturation) / 255f;
            // The middle channel falls through odd sextants and rises through even ones.
            var falling = Vector512.Equals(sextant & Vector512<int>.One, Vector512<int>.One).AsSingle();
            var distance = Vector512.ConditionalSelect(falling, within, Vector512<float>.One - within);
            var low = Cut(brightness * (Vector512<float>.One - strength) + Vector512.Create(0.5f));
            var middle = Cut(brightness * (Vector512<float>.One - strength * distance) + Vector512.Create(0.5f));

            var (is0, is1, is2) = (Is(sextant, 0) | Is(sextant, 6), Is(sextant, 1), Is(sextant, 2));
            var (is3, is4, is5) = (Is(sextant, 3), Is(sextant, 4), Is(sextant, 5));
            var red = Choose(is0 | is5, value, Choose(is1 | is4, middle, low));
            var green = Choose(is1 | is2, value, Choose(is0 | is3, middle, low));
            var blue = Choose(is3 | is4, value, Choose(is2 | is5, middle, low));

            var grey = Is(range, 0); // has no hue, and was divided by zero above
            Lanes.Store(Choose(grey, value, red), reds, i);
            Lanes.Store(Choose(grey, value, green), greens, i);
            Lanes.Store(Choose(grey, value, blue), blues, i);
        }
    }

    /// <summary>
    /// Hue in steps of 1/255 of the circle: corner ± (1 − part), where the corner (0 red, 2 green, 4 blue) is the strongest
    /// channel's, the sign says which neighbour is stronger, and part is how far that one lies below the strongest.
    /// </summary>
    private static Vector512<int> Encode(
        Vector512<int> r,
        Vector512<int> g,
        Vector512<int> b,
        Vector512<int> value,
        Vector512<int> least,
        Vector512<int> range
    )
    {
        var isRed = Vector512.Equals(r, value);
        var isGreen = Vector512.Equals(g, value);
        var corner = Choose(isRed, Vector512<int>.Zero, Choose(isGreen, Vector512.Create(2), Vector512.Create(4)));
        // The channel behind the strongest on the circle (blue, red, green): if it is the weakest, the hue leans forward.
        var behind = Choose(isRed, b, Choose(isGreen, r, g));
        var forward = Vector512.Equals(behind, least);
        var sign = Choose(forward, Vector512<int>.One, Vector512<int>.AllBitsSet);
        var second = r + g + b - value - least;
        var part = Vector512.ConvertToSingle(value - second) / Vector512.ConvertToSingle(range);
        var hue = Vector512.ConvertToSingle(corner + sign) - Vector512.ConvertToSingle(sign) * part;
        var share = hue / 6f;
        share += Vector512<float>.One & Vector512.LessThan(hue, Vector512<float>.Zero);
        return Cut(share * 255f);
    }

    private static Vector512<int> Cut(Vector512<float> lanes) => Vector512.ConvertToInt32Native(lanes);

    private static Vector512<int> Is(Vector512<int> lanes, int value) => Vector512.Equals(lanes, Vector512.Create(value));

    private static Vector512<int> Choose(Vector512<int> where, Vector512<int> yes, Vector512<int> no) =>
        Vector512.ConditionalSelect(where, yes, no);
}
