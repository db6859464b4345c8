using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Paws.Data;
using Paws.Data.Datasets;
using Paws.Data.Loading;
using Paws.Model;
using Paws.Runner.Config;
using Paws.Runner.Parallel;
using Paws.Runner.Reporting;
using Paws.Runner.Startup;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// Runs the steps of a phase from where its state stands: loads ahead, takes the gradient, updates, logs, evaluates, writes
/// checkpoints and stops when asked to. One dispose scope a step; the device is waited for once a
/// logging interval, and every few steps to give batches back. Of several ranks each works on its part of every batch; they
/// agree before each step whether all of them have it, and add up their gradients after it.
/// </summary>
internal sealed class TrainingLoop(RunContext run, IPhase phase)
{
    private static readonly StepPart[] AveragedParts =
    [
        StepPart.Total,
        StepPart.CrossEntropy,
        StepPart.MeMax,
        StepPart.Support,
        StepPart.TargetConfidence,
        StepPart.ConfidentShare,
    ];

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;
    private readonly Stopwatch clock = new();
    private readonly Workers ranks = run.Ranks;
    private double waitedBefore;
    private bool betweenSteps = true; // the state is whole, and may be saved
    private double talkedBefore;

    /// <summary>Trains to the end of the phase.</summary>
    /// <param name="state">Where the phase stands; advanced with every step.</param>
    /// <exception cref="OperationCanceledException">Stopping was asked for; a checkpoint has been written.</exception>
    /// <exception cref="UserErrorException">
    /// The phase has diverged, or something else is wrong that the user can mend. Whatever it was, a checkpoint has been written where the
    /// weights are good.
    /// </exception>
    public void Run(PhaseState state)
    {
        try
        {
            RunSteps(state);
        }
        catch (OperationCanceledException) when (betweenSteps)
        {
            run.Save(phase, state);
            throw;
        }
        catch (Exception e) when (betweenSteps && e is not ExternalException) // those come from a device
        {
            var saved = TrySave(state);
            if (e is DataException { Image: { } image })
            {
                throw new UserErrorException(Words(image, saved), e);
            }
            throw;
        }
    }

    /// <summary>Saves on the way out; what ended the training is what the user must hear about.</summary>
    private bool TrySave(PhaseState state)
    {
        try
        {
            run.Save(phase, state);
            return true;
        }
        catch (Exception e) when (e is UserErrorException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>One line: which image, and how to go on.</summary>
    public static string Words(SkippedImage image, bool saved) =>
        $"{image.Name} cannot be read: {image.Reason}; {(saved ? "the run is saved" : "the run goes on from its last checkpoint")}: "
        + "put a good copy in its place and go on with --resume, or let another image take its place with --resume --skip-bad-images";

    private void RunSteps(PhaseState state)
    {
        if (state.Step >= phase.TotalSteps)
        {
            Conclude(state); // stopped between the last step and its evaluation
            return;
        }
        var steps = phase.TotalSteps;
        using var loader = run.Setting.OpenLoader(step => step < steps ? phase.Plan(step) : null, state.Step);
        using var uploads = new Uploads(run.Setting.Device);
        StartClock.Mark(StartClock.Encoder);
        run.Progress.Begin(phase.Title, steps, state.Step);
        using var sums = torch.zeros([AveragedParts.Length], dtype: torch.float32, device: run.Setting.Device);
        var watch = new CollapseWatch(steps, ClassesOfPrediction, state);
        var sinceCheckpoint = Stopwatch.StartNew();
        var (logEvery, summed) = (run.Config.Logging.LogEverySteps, 0);
        var nextEvaluation = NextEvaluation(state.Step);
        var (secondsAtLog, secondsBefore) = (state.Seconds, state.Seconds);
        Train();
        // The same seed gave all ranks the same weights, and one checkpoint; whatever else may differ between machines ends here.
        ranks.Broadcast(phase.Parameters.Values);
        talkedBefore = ranks.Seconds;
        clock.Start();
        if (state.EvaluationDue == true && state.Step < steps)
        {
            Pause(() => Evaluate(state, run.Config.Evaluation.QuickImages));
        }
        while (state.Step < steps)
        {
            var step = state.Step;
            var logs = (step + 1) % logEvery == 0 || step + 1 == steps;
            StepMetrics? metrics = null;
            bool stops;
            using (torch.NewDisposeScope())
            {
                (var batch, stops) = NextBatch(loader);
                betweenSteps = false;
                StartClock.Mark(StartClock.Batch);
                var output = phase.Loss(uploads.Take(batch), batch.Plan, diagnose: logs);
                StartClock.Mark(StartClock.Forward);
                phase.Parameters.ZeroGrad();
                output.Loss.backward();
                ranks.Sum(phase.Parameters.Gradients);
                StartClock.Mark(StartClock.Backward);
                Accumulate(sums, output);
                summed++;
                phase.Update(step);
                StartClock.Mark(StartClock.Step);
                if (logs)
                {
                    metrics = Read(sums, summed, output, step);
                    sums.zero_();
                }
            }
            state.Step = step + 1;
            state.Seconds = secondsBefore + clock.Elapsed.TotalSeconds;
            betweenSteps = true;
            if (metrics is not null)
            {
                var interval = Math.Max(state.Seconds - secondsAtLog, 1e-9);
                metrics = metrics with
                {
                    Seconds = state.Seconds,
                    ImagesPerSecond = (double)phase.ImagesPerStep * summed / interval,
                    DataWaitShare = Math.Clamp((loader.WaitSeconds - waitedBefore) / interval, 0, 1),
                    CommunicationShare = ranks.Alone ? null : Math.Clamp((ranks.Seconds - talkedBefore) / interval, 0, 1),
                    ResidentMb = Math.Round(Hardware.ResidentMemoryMb, 1),
                };
                (secondsAtLog, waitedBefore, talkedBefore, summed) = (state.Seconds, loader.WaitSeconds, ranks.Seconds, 0);
                run.Metrics?.Write(metrics);
                run.Progress.Update(Reading(state.Step, metrics));
                if (!double.IsFinite(metrics.Loss))
                {
                    betweenSteps = false; // nothing to save
                    ranks.Agree(new UserErrorException(Diverged.Words(phase, "its loss is not a number", step, run.Config))); // all ranks see the same loss
                }
                Heed(watch.Observe(metrics), state);
            }
            if (state.Step >= nextEvaluation && state.Step < steps)
            {
                Pause(() => Evaluate(state, run.Config.Evaluation.QuickImages));
                nextEvaluation = NextEvaluation(state.Step);
            }
            if (stops || (ranks.Alone && run.Stop.IsCancellationRequested))
            {
                throw ranks.Alone ? new OperationCanceledException(run.Stop) : new RanksStoppedException();
            }
            if (sinceCheckpoint.Elapsed.TotalSeconds > run.Config.Logging.CheckpointEverySeconds)
            {
                Pause(() => run.Save(phase, state));
                sinceCheckpoint.Restart();
            }
        }
        clock.Stop();
        run.Progress.End();
        Conclude(state);
    }

    private int ClassesOfPrediction =>
        TrainMethod.IsPaws(phase.Name) ? run.Setting.Plans.SupportClasses : run.Setting.Data.Train.Classes.Count;

    /// <summary>Says what the watch has noticed, and stops where a collapse of the method is to stop it.</summary>
    private void Heed(CollapseNews? news, PhaseState state)
    {
        var hints = news is { Collapsed: true }
            ? CollapseHints.Sentence(run.Config, state.CollapseKind!, phase is PawsPhase { OwnObjective: true })
            : "";
        if (news is not null)
        {
            var title = news.Collapsed ? $"warning: {phase.Title} has collapsed: " : $"{phase.Title}: ";
            run.Progress.Note(title + news.Text + (hints.Length > 0 ? "; " : "") + hints);
        }
        if (run.Config.Logging.OnCollapse != OnCollapse.Stop || phase.Name != TrainMethod.Of(run.Config))
        {
            return;
        }
        // As rank 0 sees it: the last digits may differ between machines.
        if (ranks.Broadcast(news is { Collapsed: true } ? 1 : 0) > 0)
        {
            // Saved on the way out.
            ranks.Agree(
                new UserErrorException(
                    $"{phase.Title} has collapsed and was stopped at step {state.Step}, as logging.on_collapse={OnCollapse.Stop} asks for: "
                        + $"{(news is null ? "rank 0 noticed it" : news.Text)}; {(hints.Length > 0 ? hints + "; " : "")}to go on all the same, --resume"
                )
            );
        }
    }

    private void Conclude(PhaseState state)
    {
        Evaluate(state, 0);
        run.Metrics?.Flush();
    }

    /// <summary>This rank's part of the next batch, when all ranks have theirs; and whether a rank was asked to stop.</summary>
    private (Batch Batch, bool Stops) NextBatch(BatchLoader loader)
    {
        Batch? batch = null;
        Exception? failure = null;
        try
        {
            batch = loader.Next(run.Setting.Stop) ?? throw new InvalidOperationException("the loader ended before the phase");
        }
        catch (Exception e) when (!ranks.Alone)
        {
            failure = e is DataException { Image: { } image } ? new UserErrorException(Words(image, saved: true), e) : e;
        }
        var stops = ranks.Agree(failure, run.Stop.IsCancellationRequested);
        return (batch!, stops);
    }

    /// <summary>Work that is not training: off the phase's clock.</summary>
    private void Pause(Action work)
    {
        clock.Stop();
        var talked = ranks.Seconds;
        work();
        talkedBefore += ranks.Seconds - talked;
        clock.Start();
    }

    private void Train()
    {
        if (phase.BatchStatistics)
        {
            phase.Encoder.Train();
        }
        else
        {
            phase.Encoder.Eval();
        }
    }

    /// <summary>Evaluates, on the rank that leads; the others wait for it.</summary>
    private void Evaluate(PhaseState state, int images)
    {
        state.EvaluationDue = true;
        if (ranks.Leads)
        {
            Judge(state, images);
        }
        state.EvaluationDue = null;
        ranks.Barrier();
        Train();
    }

    private void Judge(PhaseState state, int images)
    {
        var accuracy = phase.Evaluate(images);
        var metrics = new EvaluationMetrics
        {
            Phase = phase.Name,
            Step = state.Step,
            Epoch = state.Step / phase.StepsPerEpoch,
            Seconds = state.Seconds,
            Top1 = 100 * accuracy.Top1,
            Top5 = 100 * accuracy.Top5,
        };
        state.Top1 = metrics.Top1;
        state.Top5 = metrics.Top5;
        state.BestTop1 = Math.Max(state.BestTop1 ?? 0, metrics.Top1);
        run.Metrics?.Write(metrics);
        var top5 = metrics.Top5 is { } five ? string.Create(Invariant, $", top-5 {five:0.0} %") : "";
        run.Progress.Note(
            string.Create(
                Invariant,
                $"{phase.Title}, epoch {metrics.Epoch:0.#}: top-1 {metrics.Top1:0.0} %{top5} on {accuracy.Images} test images"
            )
        );
    }

    private int NextEvaluation(int step)
    {
        // Every phase is evaluated as often as pre-training is, so that their curves can be laid over each other.
        var (epochs, every) = (run.Config.Optimization.Epochs, run.Config.Evaluation.EveryEpochs);
        if (every <= 0)
        {
            return int.MaxValue;
        }
        var interval = phase.TotalSteps / Math.Max(1, Math.Round(epochs / every));
        return Math.Max(step + 1, (int)Math.Ceiling((Math.Floor(step / interval) + 1) * interval));
    }

    private static void Accumulate(torch.Tensor sums, StepOutput output)
    {
        using var frozen = torch.no_grad();
        var zero = torch.zeros_like(output.Loss);
        var row = AveragedParts.Select(part => Find(output.Parts, part)?.detach() ?? zero);
        Scalars.addTo(sums, torch.stack(row).to(torch.float32));
    }

    private StepMetrics Read(torch.Tensor sums, int count, StepOutput output, int step)
    {
        ranks.Sum(sums);
        var means = Scalars.divide(count, sums).cpu().data<float>().ToArray();
        double? Mean(StepPart part) => Find(output.Parts, part) is null ? null : means[Array.IndexOf(AveragedParts, part)];
        double? Watched(StepPart part) => Find(output.Watched, part)?.to(torch.float64).cpu().item<double>();
        return new StepMetrics
        {
            Phase = phase.Name,
            Step = step,
            Epoch = (step + 1) / phase.StepsPerEpoch,
            Seconds = 0,
            Loss = means[0],
            CrossEntropy = Mean(StepPart.CrossEntropy),
            MeMax = Mean(StepPart.MeMax),
            Support = Mean(StepPart.Support),
            TargetConfidence = Mean(StepPart.TargetConfidence),
            ConfidentShare = Mean(StepPart.ConfidentShare),
            InstanceDiscrimination = Watched(StepPart.InstanceDiscrimination),
            SupportClassification = Watched(StepPart.SupportClassification),
            MeanEntropy = Watched(StepPart.MeanEntropy),
            Information = Watched(StepPart.Information),
            EmbeddingRank = Watched(StepPart.EmbeddingRank),
            EmbeddingSpread = Watched(StepPart.EmbeddingSpread),
            LearningRate = phase.LearningRate(step),
            GradientNorm = torch.linalg.vector_norm(phase.Parameters.Gradients.to(torch.float64)).cpu().item<double>(),
        };
    }

    private static ProgressReading Reading(int done, StepMetrics metrics)
    {
        List<KeyValuePair<string, double>> parts = [new("loss", metrics.Loss)];
        if (metrics.CrossEntropy is { } crossEntropy && metrics.MeMax is { } meMax)
        {
            parts.Add(new("cross-entropy", crossEntropy));
            // Exactly 0 where it is off.
            if (meMax != 0)
            {
                parts.Add(new("ME-Max", meMax));
            }
        }
        if (metrics.Support is { } support)
        {
            parts.Add(new("supports", support));
        }
        return new ProgressReading(done, metrics.ImagesPerSecond ?? 0, parts);
    }

    private static torch.Tensor? Find(IReadOnlyList<KeyValuePair<StepPart, torch.Tensor>> parts, StepPart part)
    {
        foreach (var (name, value) in parts)
        {
            if (name == part)
            {
                return value;
            }
        }
        return null;
    }
}
