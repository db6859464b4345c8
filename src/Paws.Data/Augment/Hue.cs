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
        var turn = Vector256.Create((int)(shift * 255));
        var reds = image.R;
        var greens = image.G;
        var blues = image.B;
        for (int i = 0; i < reds.Length; i += Lanes.Count)
        {
            var r = Lanes.Load(reds, i);
            var g = Lanes.Load(greens, i);
            var b = Lanes.Load(blues, i);
            var value = Vector256.Max(r, Vector256.Max(g, b));
            var least = Vector256.Min(r, Vector256.Min(g, b));
            var range = value - least;

            var hue = (Encode(r, g, b, value, least, range) + turn) & Vector256.Create(255);
            var brightness = Vector256.ConvertToSingle(value);
            var saturation = Cut(Vector256.ConvertToSingle(range) / brightness * 255f);

            // Sextant of the circle and the position in it: hue · 6 = 255 · sextant + position.
            var sixfold = hue * 6;
            var sextant = (sixfold + Vector256<int>.One + (sixfold >>> 8)) >>> 8; // ⌊n / 255⌋ for n < 65535
            var within = Vector256.ConvertToSingle(sixfold - sextant * 255) / 255f;
            var strength = Vector256.ConvertToSingle(saturation) / 255f;
            // The middle channel falls through odd sextants and rises through even ones.
            var falling = Vector256.Equals(sextant & Vector256<int>.One, Vector256<int>.One).AsSingle();
            var distance = Vector256.ConditionalSelect(falling, within, Vector256<float>.One - within);
            var low = Cut(brightness * (Vector256<float>.One - strength) + Vector256.Create(0.5f));
            var middle = Cut(brightness * (Vector256<float>.One - strength * distance) + Vector256.Create(0.5f));

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
    private static Vector256<int> Encode(
        Vector256<int> r,
        Vector256<int> g,
        Vector256<int> b,
        Vector256<int> value,
        Vector256<int> least,
        Vector256<int> range
    )
    {
        var isRed = Vector256.Equals(r, value);
        var isGreen = Vector256.Equals(g, value);
        var corner = Choose(isRed, Vector256<int>.Zero, Choose(isGreen, Vector256.Create(2), Vector256.Create(4)));
        // The channel behind the strongest on the circle (blue, red, green): if it is the weakest, the hue leans forward.
        var behind = Choose(isRed, b, Choose(isGreen, r, g));
        var forward = Vector256.Equals(behind, least);
        var sign = Choose(forward, Vector256<int>.One, Vector256<int>.AllBitsSet);
        var second = r + g + b - value - least;
        var part = Vector256.ConvertToSingle(value - second) / Vector256.ConvertToSingle(range);
        var hue = Vector256.ConvertToSingle(corner + sign) - Vector256.ConvertToSingle(sign) * part;
        var share = hue / 6f;
        share += Vector256<float>.One & Vector256.LessThan(hue, Vector256<float>.Zero);
        return Cut(share * 255f);
    }

    private static Vector256<int> Cut(Vector256<float> lanes) => Vector256.ConvertToInt32Native(lanes);

    private static Vector256<int> Is(Vector256<int> lanes, int value) => Vector256.Equals(lanes, Vector256.Create(value));

    private static Vector256<int> Choose(Vector256<int> where, Vector256<int> yes, Vector256<int> no) =>
        Vector256.ConditionalSelect(where, yes, no);
}
