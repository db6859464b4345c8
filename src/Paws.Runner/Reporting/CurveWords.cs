using System.Globalization;
using Paws.Runner.Reporting.Charts;

namespace Paws.Runner.Reporting;

/// <summary>
/// What a curve does, said from its numbers alone: the captions' verbs. The curve is looked at in runs of neighbours, so that noise from step to
/// step is not taken for a direction.
/// </summary>
internal static class CurveWords
{
    private const int Parts = 40;

    // Of fewer points the statistics below say little.
    private const int LeastPartsForNoise = 8;

    // White noise spans about 4.5 times the median distance of neighbours in 40 parts; a curve with a direction spans more.
    private const double NoiseSpan = 7;

    // A change below this share of the level is none.
    private const double Still = 0.02;

    /// <summary>"rose from 0.10 to 0.98", "fell from 1.79 to 0.52", "stayed near 1.79", … : a verb in the past and what belongs to it.</summary>
    /// <param name="series">The curve; what is not a number is left out and counted.</param>
    /// <param name="at">What its abscissa is called before a number: "step".</param>
    /// <param name="format">How its values are written.</param>
    public static string Of(LineSeries series, string at = "step", string format = "0.00")
    {
        var finite = Enumerable.Range(0, series.Y.Count).Where(i => double.IsFinite(series.Y[i])).ToList();
        int broken = series.Y.Count - finite.Count;
        string lost = broken == 0 ? "" : $", and was not a number {(broken == 1 ? "once" : $"{broken} times")}";
        if (finite.Count == 0)
        {
            return broken == 0 ? "was not measured" : "was never a number";
        }
        var curve = series with { X = [.. finite.Select(i => series.X[i])], Y = [.. finite.Select(i => series.Y[i])] };
        return Movement(curve.Thin(Parts).Means, at, format) + lost;
    }

    private static string Movement(LineSeries parts, string at, string format)
    {
        var y = parts.Y;
        string Say(double value) => Number(value, format);
        string At(int part) => $"{at} {parts.X[part].ToString("0.#", CultureInfo.InvariantCulture)}";
        var (first, last) = (y[0], y[^1]);
        if (y.Count == 1)
        {
            return $"was {Say(first)}";
        }
        int lowest = Enumerable.Range(0, y.Count).MinBy(i => y[i]),
            highest = Enumerable.Range(0, y.Count).MaxBy(i => y[i]);
        var (low, high) = (y[lowest], y[highest]);
        double range = high - low;
        if (Say(low) == Say(high) || range <= Still * Math.Max(Math.Abs(low), Math.Abs(high)))
        {
            return $"stayed near {Say(y.Average())}";
        }
        double[] moves = [.. y.Skip(1).Zip(y, (next, before) => next - before)];
        string ends = $"from {Say(first)} to {Say(last)}";
        if (Array.TrueForAll(moves, m => m >= 0))
        {
            return $"rose {ends}";
        }
        if (Array.TrueForAll(moves, m => m <= 0))
        {
            return $"fell {ends}";
        }
        // Neighbours of a curve are alike, those of noise are not: the mean square of moves is twice the variance there (von Neumann), and
        // falls below it only once in a thousand times.
        double level = y.Average();
        bool smooth = moves.Average(m => m * m) < y.Average(v => (v - level) * (v - level));
        bool turns = y.Count < LeastPartsForNoise || smooth;
        double noise = moves.Select(Math.Abs).Order().ElementAt(moves.Length / 2);
        bool leads = turns || range >= NoiseSpan * noise;
        double change = last - first;
        // An extreme between the ends that stands out by a quarter of the range is part of the story.
        double above = high - Math.Max(first, last),
            below = Math.Min(first, last) - low;
        if (leads && Math.Abs(change) >= range / 2)
        {
            string between =
                Math.Max(above, below) < range / 4 ? ""
                : above > below ? $", with {Say(high)} at {At(highest)} between them"
                : $", with {Say(low)} at {At(lowest)} between them";
            return $"{(change > 0 ? "rose" : "fell")} {ends}{between}";
        }
        if (turns && above >= range / 2 && (below < range / 2 || highest < lowest))
        {
            return $"rose from {Say(first)} to {Say(high)} ({At(highest)}), then fell to {Say(last)}";
        }
        if (turns && below >= range / 2)
        {
            return $"fell from {Say(first)} to {Say(low)} ({At(lowest)}), then rose to {Say(last)}";
        }
        return $"moved between {Say(low)} and {Say(high)} without a direction, {ends}";
    }

    /// <summary>One sentence about each curve, by its name where there are several: "It fell from …" or "Loss: fell from …; ME-Max: …".</summary>
    public static string Sentence(IReadOnlyList<LineSeries> curves, string at = "step", string format = "0.00") =>
        curves.Count switch
        {
            0 => "",
            1 => $"It {Of(curves[0], at, format)}.",
            _ => $"Measured: {string.Join("; ", curves.Select(c => $"{c.Name} {Of(c, at, format)}"))}.",
        };

    private static string Number(double value, string format)
    {
        string text = value.ToString(format, CultureInfo.InvariantCulture);
        // A negative number that rounds to zero has no sign; the others have a minus, not a hyphen.
        return text.Trim('-', '0', '.').Length == 0 ? text.TrimStart('-') : text.Replace('-', '\u2212');
    }
}
