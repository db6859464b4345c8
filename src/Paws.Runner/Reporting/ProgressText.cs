using System.Globalization;

namespace Paws.Runner.Reporting;

/// <summary>The words and figures of progress, the same in every view.</summary>
public static class ProgressText
{
    /// <summary>Said once where the loss is first shown, since a falling negative loss looks like a mistake.</summary>
    /// <param name="classes">Number of classes K in a support mini-batch, at least 1.</param>
    public static string NegativeLoss(int classes) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"the loss may be negative: ME-Max adds −H(p̄), down to −log K = {-Math.Log(classes):0.00} for {classes} classes"
        );

    /// <summary><c>412 img/s</c>, or nothing when the speed is not known.</summary>
    public static string Speed(double imagesPerSecond) =>
        imagesPerSecond > 0 ? string.Create(CultureInfo.InvariantCulture, $"{imagesPerSecond:0} img/s") : "";

    /// <summary><c>loss -1.203 · cross-entropy 0.912</c>, the first <paramref name="most"/> of them.</summary>
    public static string Parts(IReadOnlyList<KeyValuePair<string, double>>? parts, int most = int.MaxValue) =>
        string.Join(" · ", (parts ?? []).Take(most).Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Key} {p.Value:0.000}")));

    /// <summary><c>3:07</c> or <c>1:02:15</c>.</summary>
    public static string Clock(TimeSpan time) =>
        time.TotalHours >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");

    /// <summary>Time left if the rest goes as fast as what has been done since the start; null until that can be told.</summary>
    /// <param name="elapsed">Since the task began.</param>
    /// <param name="before">Done before it began.</param>
    /// <param name="done">Done now.</param>
    /// <param name="total">All there is to do.</param>
    public static TimeSpan? TimeLeft(TimeSpan elapsed, double before, double done, double total) =>
        done > before && elapsed > TimeSpan.Zero ? elapsed * (Math.Max(total - done, 0) / (done - before)) : null;

    /// <summary>Share done in whole percent, rounded down so that 100 % means done.</summary>
    public static int Percent(double done, double total) => (int)Math.Clamp(Math.Floor(100 * done / total), 0, 100);
}
