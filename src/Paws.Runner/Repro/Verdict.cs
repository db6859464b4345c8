using MathNet.Numerics.Distributions;

namespace Paws.Runner.Repro;

/// <summary>What came of a claim.</summary>
public enum Outcome
{
    /// <summary>The interval lies where the claim says.</summary>
    Supported,

    /// <summary>The interval lies wholly elsewhere.</summary>
    NotSupported,

    /// <summary>The interval holds both, or there is none.</summary>
    Inconclusive,
}

/// <summary>
/// The test of a statement. Its contrast is computed for each seed (arms of one seed share labels and initial weights, so they are
/// paired); the mean over n seeds has the 90 % interval mean ± t(0.95, n − 1)·s/√n of Student's distribution. Supported where the
/// whole interval lies where the statement says: a one-sided test at 5 %, and for "within" two of them (TOST). Not
/// supported where none of it does. Inconclusive otherwise, and always with one seed. Nothing is corrected for the number of
/// statements.
/// </summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="Mean">Mean of the contrast over seeds; NaN without any.</param>
/// <param name="Low">Lower end of the interval; −∞ with fewer than two seeds.</param>
/// <param name="High">Upper end; +∞ with fewer than two seeds.</param>
/// <param name="Seeds">How many seeds have all cells.</param>
public sealed record Verdict(Outcome Outcome, double Mean, double Low, double High, int Seeds)
{
    /// <summary>Confidence of the interval.</summary>
    public const double Confidence = 0.9;

    /// <summary>Tests a contrast.</summary>
    /// <param name="statement">Where it must lie: exactly one of above, below and within.</param>
    /// <param name="contrasts">Its value for each seed.</param>
    public static Verdict Of(ReproStatement statement, IReadOnlyList<double> contrasts)
    {
        var (low, high) = Region(statement);
        var n = contrasts.Count;
        if (n < 2)
        {
            return new Verdict(
                Outcome.Inconclusive,
                n == 0 ? double.NaN : contrasts[0],
                double.NegativeInfinity,
                double.PositiveInfinity,
                n
            );
        }
        var mean = contrasts.Average();
        var deviation = Math.Sqrt(contrasts.Sum(x => (x - mean) * (x - mean)) / (n - 1));
        var half = StudentT.InvCDF(0, 1, n - 1, (1 + Confidence) / 2) * deviation / Math.Sqrt(n);
        var outcome =
            mean - half > low && mean + half < high ? Outcome.Supported
            : mean + half <= low || mean - half >= high ? Outcome.NotSupported
            : Outcome.Inconclusive;
        return new Verdict(outcome, mean, mean - half, mean + half, n);
    }

    /// <summary>A claim of several parts: supported when all are, not supported when one is not.</summary>
    public static Outcome All(IReadOnlyCollection<Outcome> parts) =>
        parts.Count == 0 ? Outcome.Inconclusive
        : parts.Contains(Outcome.NotSupported) ? Outcome.NotSupported
        : parts.Contains(Outcome.Inconclusive) ? Outcome.Inconclusive
        : Outcome.Supported;

    /// <summary>In words.</summary>
    public static string Word(Outcome outcome) =>
        outcome switch
        {
            Outcome.Supported => "supported",
            Outcome.NotSupported => "not supported",
            _ => "inconclusive",
        };

    private static (double Low, double High) Region(ReproStatement statement) =>
        statement switch
        {
            { Above: { } bound, Below: null, Within: null } => (bound, double.PositiveInfinity),
            { Above: null, Below: { } bound, Within: null } => (double.NegativeInfinity, bound),
            { Above: null, Below: null, Within: > 0 and var bound } => (-bound, bound),
            _ => throw new UserErrorException($"the statement \"{statement.Says}\" needs one of above, below and within (positive)"),
        };
}
