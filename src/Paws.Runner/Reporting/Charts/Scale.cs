using System.Globalization;

namespace Paws.Runner.Reporting.Charts;

/// <summary>From values to shares of an axis's length, 0 to 1, with the ticks to write. Linear, or logarithmic for values above 0.</summary>
internal sealed record Scale(Func<double, double> Share, IReadOnlyList<(double Value, string Text)> Ticks)
{
    /// <summary>Values told one by one at most; with more, ticks stand at round numbers.</summary>
    private const int MostNamed = 8;

    /// <summary>How far a text may reach beyond the axis's end.</summary>
    private const double Margin = 16;

    /// <summary>
    /// A horizontal axis over the values: ticks at the values themselves where they are few, as of a swept setting, else at round
    /// numbers. Values that are not finite, or not above 0 on a logarithmic axis, do not count.
    /// </summary>
    /// <param name="values">Abscissae.</param>
    /// <param name="logarithmic">Whether equal ratios are equal lengths.</param>
    /// <param name="length">The axis's length, which says how many texts have room.</param>
    public static Scale Over(IEnumerable<double> values, bool logarithmic, double length)
    {
        double[] distinct = [.. values.Where(v => double.IsFinite(v) && (!logarithmic || v > 0)).Distinct().Order()];
        if (distinct.Length == 0)
        {
            distinct = [1];
        }
        double low = distinct[0],
            high = distinct[^1];
        bool named = distinct.Length is > 1 and <= MostNamed;
        double[]? at = named ? distinct : null;
        return logarithmic ? Logarithmic(low, high, at, length) : Linear(named ? low : Math.Min(low, 0), high, at, length);
    }

    /// <summary>A vertical axis that covers the values and ends on ticks.</summary>
    public static Scale Covering(IEnumerable<double> values, int count = 5)
    {
        double[] finite = [.. values.Where(double.IsFinite).DefaultIfEmpty(0)];
        return Of(Axis.Covering(finite.Min(), finite.Max(), count));
    }

    private static Scale Of(Axis axis) => new(axis.Share, [.. axis.Ticks.Select(t => (t, axis.Label(t)))]);

    private static Scale Linear(double low, double high, double[]? at, double length)
    {
        // Points at the very ends would sit on the frame; but nothing lies before a beginning at 0.
        double room = (high - low) * (at is null ? 0.03 : 0.06);
        Axis axis = Axis.Inside(low == 0 ? 0 : low - room, high + room);
        return at is null ? Of(axis) : new Scale(axis.Share, Apart(axis.Share, at, length));
    }

    private static Scale Logarithmic(double low, double high, double[]? at, double length)
    {
        double from = Math.Log10(low),
            to = Math.Log10(high),
            room = Math.Max(0.06 * (to - from), 0.02);
        (from, to) = (from - room, to + room);
        double Share(double value) => (Math.Log10(value) - from) / (to - from);
        return new Scale(Share, Apart(Share, at ?? RoundNumbers(from, to), length));
    }

    // 1, 2 and 5 times powers of ten; over many decades the powers alone.
    private static double[] RoundNumbers(double from, double to)
    {
        double[] steps = to - from > 3 ? [1] : [1, 2, 5];
        int first = (int)Math.Floor(from),
            last = (int)Math.Ceiling(to);
        return
        [
            .. Enumerable
                .Range(first, last - first + 1)
                .SelectMany(power => steps.Select(s => s * Math.Pow(10, power)))
                .Where(v => Math.Log10(v) >= from && Math.Log10(v) <= to),
        ];
    }

    // Ticks whose texts would touch are left out, the earlier one stays; so is one that would reach beyond the drawing.
    private static List<(double, string)> Apart(Func<double, double> share, double[] values, double length)
    {
        var ticks = new List<(double, string)>();
        double free = double.NegativeInfinity; // where the last text ends
        foreach (double value in values)
        {
            string text = Text(value);
            double half = Legend.TextWidth(text) / 2,
                middle = share(value) * length;
            if (middle - half >= free && middle + half <= length + Margin)
            {
                ticks.Add((value, text));
                free = middle + half + 8;
            }
        }
        return ticks;
    }

    private static string Text(double value) =>
        Math.Abs(value) is (< 1e-3 or >= 1e9) and not 0 ? value.ToString("0.##e0", CultureInfo.InvariantCulture).Replace('-', '−')
        : value == Math.Round(value) && value >= 1e4 ? Html.Count((long)value)
        : (value == Math.Round(value) ? value : RoundTo4(value)).ToString("0.######", CultureInfo.InvariantCulture).Replace('-', '−');

    private static double RoundTo4(double value) =>
        double.Parse(value.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
