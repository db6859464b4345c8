using System.Globalization;
using Paws.Runner.Reporting;

namespace Paws.Runner.Training;

/// <summary>
/// Notices, from what logged steps measured, that images are no longer told apart, and that they are again.
///
/// <para>
/// Where a method predicts classes, the measure is I = H(p̄) − mean H(p), what a prediction tells about its image (see
/// <see cref="BatchSigns"/>), of PAWS's sharpened predictions: at uniform predictions they are uniform too, and I is, to second
/// order, half of K times the mean squared deviation. Near there the objective is linear in the deviation e: along e the gradient is
/// K·|e|² − (K/T)·⟨e, e⁺⟩ (docs/built-in-shapes.md), so e grows or shrinks by a constant factor a step and log I moves on a
/// line. Where it shrinks, every later step has less to start from, while the loss is pinned at log K − log K = 0; a loss at zero is
/// not needed as evidence, since −I is what the published loss comes to there, and another method's loss has other units.
/// So a collapse is: I below <see cref="LeastInformation"/> of log K for a whole window, and not on a line that leads out of there in
/// another tenth of the run. Of the built-in images' healthy runs the one that came nearest had 0.5 % of log K at step 65 of 1,092 and grew from
/// there; one that collapsed passes 0.2 % near step 90, falling by half every 8 steps. A mean prediction below
/// <see cref="LeastEntropy"/> of log K is the other end: I ≤ H(p̄), and everything is one class.
/// </para>
/// <para>
/// Where a method predicts none, the measure is the embeddings' spread 1 − mean cosine, below <see cref="LeastSpread"/>: all cosines
/// divided by τ = 0.1 then lie within about 0.1 of each other, and no softmax over them, nor nearest neighbours at that temperature, tells images
/// apart; or their effective rank, nearer to 1 than <see cref="LeastRank"/>: 98 % of the spread on one line, which separates two groups at most. On the
/// built-in images runs that learn come near: SwAV to a spread of 0.03 before it does and to a rank of 1.2 while it does, BYOL to a rank of 1.09.
/// Predictions go before embeddings where there are both: of two classes that are told apart perfectly the rank is 1.
/// </para>
/// <para>
/// The window is a sixtieth of the run, 20 steps and 3 observations at least, and nothing is said in the first twentieth, which belongs to the
/// start: an early collapse is told within the first tenth, where steps are logged often enough. For "recovered" the measure
/// has to stay above twice the limits for a window.
/// </para>
/// </summary>
internal sealed class CollapseWatch
{
    /// <summary>I / log K below which predictions count as all the same.</summary>
    public const double LeastInformation = 0.002;

    /// <summary>H(p̄) / log K below which they count as one class.</summary>
    public const double LeastEntropy = 0.1;

    /// <summary>Spread of unit embeddings below which they count as one point.</summary>
    public const double LeastSpread = 0.01;

    /// <summary>Effective rank below which they count as lying on a line.</summary>
    public const double LeastRank = 1.05;

    private const int LeastObservations = 3;
    private const int LeastSteps = 20;
    private const double Recovered = 2;

    // Below a thousandth of a limit a measure is rounding, and its trend with it.
    private const double Floor = 1e-3;

    private readonly List<Observation> window = [];
    private readonly double logClasses;
    private readonly int totalSteps;
    private readonly PhaseState state;
    private int? since;

    /// <param name="totalSteps">Steps of the phase.</param>
    /// <param name="classes">K, the classes of a prediction, at least 2.</param>
    /// <param name="state">Where the phase stands; what is noticed is written there, and what was noticed before a resume is read from it.</param>
    public CollapseWatch(int totalSteps, int classes, PhaseState state)
    {
        (this.totalSteps, this.state) = (totalSteps, state);
        logClasses = Math.Log(Math.Max(classes, 2));
    }

    private int Span => Math.Max(LeastSteps, totalSteps / 60);

    /// <summary>Takes in a logged step; returns what is to be said, or null.</summary>
    public CollapseNews? Observe(StepMetrics metrics)
    {
        if (Measure(metrics) is not { } seen)
        {
            return null;
        }
        since = (seen.Size < 1) == (window.Count > 0 && window[^1].Size < 1) ? since : seen.Step;
        since ??= seen.Step;
        window.Add(seen);
        while (window.Count > LeastObservations && seen.Step - window[1].Step >= Span)
        {
            window.RemoveAt(0);
        }
        if (window.Count < LeastObservations || seen.Step - window[0].Step < Span || seen.Step < totalSteps / 20)
        {
            return null;
        }
        if (!state.Collapsed && window.TrueForAll(o => o.Size < 1) && !LeadsOut())
        {
            (state.Collapsed, state.CollapsedAtStep, state.RecoveredAtStep, state.CollapseKind) = (true, since, null, seen.Kind);
            return new CollapseNews(true, $"since step {since} {CollapseKind.InWords(seen.Kind)} ({Figures(metrics)})");
        }
        if (state.Collapsed && window.TrueForAll(o => o.Size > Recovered))
        {
            (state.Collapsed, state.RecoveredAtStep) = (false, since);
            return new CollapseNews(false, $"no longer collapsed since step {since} ({Figures(metrics)})");
        }
        return null;
    }

    /// <summary>How far the step is from a collapse, in units of the limit; null where nothing of it was measured.</summary>
    private Observation? Measure(StepMetrics metrics)
    {
        var step = (int)metrics.Step;
        if (metrics is { Information: { } information, MeanEntropy: { } entropy })
        {
            var size = Math.Min(information / (LeastInformation * logClasses), entropy / (LeastEntropy * logClasses));
            return new Observation(step, size, entropy < logClasses / 2 ? CollapseKind.OneClass : CollapseKind.Uniform);
        }
        if (metrics is { EmbeddingSpread: { } spread, EmbeddingRank: { } rank })
        {
            return new Observation(step, Math.Min(spread / LeastSpread, (rank - 1) / (LeastRank - 1)), CollapseKind.Embeddings);
        }
        return null;
    }

    /// <summary>
    /// Whether a line through the logarithms of the window reaches the limit within another tenth of the run: from its first third to its
    /// last, or, where it has just turned, from its second.
    /// </summary>
    private bool LeadsOut()
    {
        var third = window.Count / 3;
        var late = window[^third..];
        return LeadsOut(window[..third], late) || LeadsOut(window[^(2 * third)..^third], late);
    }

    private bool LeadsOut(List<Observation> from, List<Observation> to)
    {
        static double MeanLog(List<Observation> part) => part.Average(o => Math.Log(Math.Max(o.Size, Floor)));
        var pace = (MeanLog(to) - MeanLog(from)) / (to.Average(o => o.Step) - from.Average(o => o.Step));
        return pace > 0 && MeanLog(to) + pace * (window[^1].Step + totalSteps / 10.0 - to.Average(o => o.Step)) >= 0;
    }

    private string Figures(StepMetrics metrics) =>
        metrics is { Information: { } information, MeanEntropy: { } entropy }
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"a prediction tells {information:0.####} nats about its image, the mean one has an entropy of {entropy:0.00}; log K is {logClasses:0.00}"
            )
            : string.Create(
                CultureInfo.InvariantCulture,
                $"spread {metrics.EmbeddingSpread:0.####} of 1, effective rank {metrics.EmbeddingRank:0.0}"
            );

    private readonly record struct Observation(int Step, double Size, string Kind);
}

/// <summary>What the watch has noticed.</summary>
/// <param name="Collapsed">A collapse, or the end of one.</param>
/// <param name="Text">In words.</param>
internal sealed record CollapseNews(bool Collapsed, string Text);
