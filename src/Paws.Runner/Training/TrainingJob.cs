using System.Diagnostics;
using System.Text.Json.Nodes;
using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Commands;
using Paws.Runner.Config;
using Paws.Runner.Evaluation;
using Paws.Runner.Parallel;
using Paws.Runner.Reporting;
using Paws.Runner.Startup;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// The main job: pre-training, fine-tuning if asked for, the baseline, and the report. Each phase that has ended leaves its
/// weights in a file of its own; a run that was stopped goes on where its checkpoint stands. Of several ranks all train; the one
/// that leads reads and writes the run's files and talks.
/// </summary>
internal sealed class TrainingJob(
    TrainRequest request,
    Experiment? experiment,
    CommandConsole console,
    CancellationToken stop,
    Workers? workers = null
)
{
    /// <summary>Weights after fine-tuning.</summary>
    public const string FinetunedFileName = "model-finetuned.safetensors";

    /// <summary>Weights of the baseline, its classifier included.</summary>
    public const string BaselineFileName = "baseline.safetensors";

    /// <summary>The labeled images, one index a line: another run can take it with --label-file.</summary>
    public const string LabelsFileName = "labels.txt";

    /// <summary>The report's charts as files of their own.</summary>
    public const string FiguresFolder = "figures";

    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Workers ranks = workers ?? Workers.Single;

    /// <summary>Runs to the end, or to the stop that was asked for.</summary>
    public void Run()
    {
        using var setting = ranks.Together(() => RunSetting.Open(request.Config, console, ranks));
        ranks.Use(setting.Device);
        StartClock.Mark(StartClock.Data);
        using var checkpoint = ranks.Together(() => request.Resume && ranks.Leads ? OpenCheckpoint() : null);
        var resumed = ranks.Broadcast(checkpoint?.State.Phase ?? "");
        var extra = ranks.Broadcast(checkpoint?.State.Extra.ToJsonString() ?? "{}");
        var progress = resumed.Length == 0 ? new RunProgress() : RunProgress.Of(JsonNode.Parse(extra)!.AsObject());

        // Made while nothing has been written yet: this finds what would fail in the first step.
        using var encoder = setting.NewEncoder();
        using var pretraining = ranks.Together(() => new PawsPhase(setting, encoder, experiment?.Objective));
        using var metrics = ranks.Together(() => OpenDirectory(setting));
        using var view = ConsoleProgress.Create(console.People);
        var run = new RunContext(setting, request.OutDirectory, metrics, view, progress, stop);
        console.Say($"{Hardware.Describe(setting.Device, setting.ComputeType)}; results go to {request.OutDirectory}");
        if (!ranks.Alone || setting.Plans.WorldSize > 1)
        {
            console.Say(DescribeRanks(setting));
        }

        if (experiment is not null)
        {
            console.Say($"the objective is {experiment.Name}");
        }
        view.Note(ProgressText.NegativeLoss(setting.Plans.SupportClasses));
        var from = new Resumed(resumed, checkpoint);
        Train(run, from, Phase.Paws, encoder, RunCheckpoint.ModelFileName, () => pretraining);
        var judged = ranks.Leads ? NearestNeighbours.Evaluate(setting, encoder, keep: RunReportBuilder.EmbeddedImages) : null;
        if (run.Config.Finetune.Epochs > 0)
        {
            Train(run, from, Phase.Suncet, encoder, FinetunedFileName, () => new SuncetPhase(setting, encoder));
        }
        if (run.Config.Baseline.Enabled)
        {
            using var plain = setting.NewEncoder();
            Train(run, from, Phase.Baseline, plain, BaselineFileName, () => new SupervisedPhase(setting, plain, BaselineSteps(run)));
        }
        if (judged is null)
        {
            return;
        }
        metrics?.Flush();
        var result = RunReportBuilder.Result(run, clock.Elapsed.TotalSeconds) with
        {
            Objective = experiment?.Name ?? RunResult.PublishedObjective,
        };
        result.Write();
        var report = RunReportBuilder.Build(run, judged, result);
        HtmlReport.Write(run.Directory, report);
        FigureExport.Write(Path.Combine(run.Directory, FiguresFolder), run.Directory, report);
        RunReportBuilder.Summarise(run, result, console);
        console.WriteResult(result.ToJson());
    }

    /// <summary>The run directory made or found, and its metrics file, on the rank that leads.</summary>
    private MetricsWriter? OpenDirectory(RunSetting setting)
    {
        if (!ranks.Leads)
        {
            return null;
        }
        if (!request.Resume)
        {
            RunDirectory.Create(request.OutDirectory, request.Config);
            setting.Labels.WriteTo(Path.Combine(request.OutDirectory, LabelsFileName));
        }
        return new MetricsWriter(request.OutDirectory);
    }

    /// <summary>What is computed together, and that the global batch does not depend on how many compute it.</summary>
    private string DescribeRanks(RunSetting setting)
    {
        var (batch, meant) = (setting.Config.Criterion.UnsupervisedBatchSize, setting.Plans.WorldSize);
        var here = ranks.Alone ? "1 rank" : $"{ranks.Size} ranks ({ranks.Name})";
        var global = meant == 1 ? $"{batch}" : $"{setting.Plans.GlobalBatch}, {batch} for each of {meant} ranks (meta.world_size)";
        return $"{here}; unlabeled images a step: {global}";
    }

    /// <summary>Where a resumed run stands, on all ranks, and the checkpoint's tensors, on the rank that leads.</summary>
    private sealed record Resumed(string Phase, RunCheckpoint? Checkpoint);

    /// <summary>Takes a phase from where it stands to its end, or its weights from their file when it has ended before.</summary>
    private static void Train(RunContext run, Resumed from, string name, Encoder encoder, string file, Func<IPhase> create)
    {
        var state = run.State.Of(name);
        var path = Path.Combine(run.Directory, file);
        if (state.Done)
        {
            Share(
                run.Ranks,
                [.. RunContext.EncoderState(encoder)],
                tensors =>
                {
                    CheckpointLoader.LoadEncoder(path, tensors);
                }
            );
            return;
        }
        using var phase = create();
        state.TotalSteps = phase.TotalSteps;
        if (from.Phase == name)
        {
            Share(
                run.Ranks,
                [.. RunContext.EncoderState(encoder, RunCheckpoint.EncoderPrefix).Concat(phase.State)],
                tensors =>
                {
                    foreach (var (tensor, value) in tensors)
                    {
                        from.Checkpoint!.Tensors.ReadInto(tensor, value);
                    }
                }
            );
        }
        run.Metrics?.ResumeAt(name, state.Step);
        new TrainingLoop(run, phase).Run(state);
        if (run.Ranks.Leads)
        {
            RunCheckpoint.SaveModel(path, RunContext.EncoderState(encoder));
        }
        state.Done = true;
        run.Save(phase, state);
    }

    /// <summary>Tensors that the rank that leads reads from a file, on all ranks.</summary>
    private static void Share(
        Workers ranks,
        (string Name, torch.Tensor Value)[] tensors,
        Action<IEnumerable<(string Name, torch.Tensor Value)>> read
    )
    {
        ranks.Together(() =>
        {
            if (ranks.Leads)
            {
                read(tensors);
            }
            return true;
        });
        using var frozen = torch.no_grad();
        foreach (var (_, value) in tensors)
        {
            ranks.Broadcast(value);
        }
    }

    private RunCheckpoint? OpenCheckpoint()
    {
        var path = Path.Combine(request.OutDirectory, RunCheckpoint.FileName);
        if (!RunCheckpoint.Exists(path))
        {
            console.Say($"{request.OutDirectory} has no checkpoint yet: starting from the beginning");
            return null;
        }
        var checkpoint = RunCheckpoint.Load(path);
        if (checkpoint.Notice is { } notice)
        {
            console.Say(notice);
        }
        console.Say($"continuing {checkpoint.State.Phase} after step {checkpoint.State.Step}");
        return checkpoint;
    }

    /// <summary>
    /// Steps that the baseline has time for: as given, or as many as fit into what PAWS and its fine-tuning took, by the measured
    /// pace of the baseline's own steps on this machine.
    /// </summary>
    private static int BaselineSteps(RunContext run)
    {
        var state = run.State.Of(Phase.Baseline);
        if (state.TotalSteps > 0)
        {
            return state.TotalSteps;
        }
        var baseline = run.Config.Baseline;
        if (baseline.Steps > 0)
        {
            return baseline.Steps;
        }
        var seconds = run.State.Of(Phase.Paws).Seconds + run.State.Of(Phase.Suncet).Seconds;
        using var trial = run.Setting.NewEncoder();
        using var phase = new SupervisedPhase(run.Setting, trial, 100);
        var steps = Math.Max(1, Math.Ceiling(baseline.TimeFactor * seconds / Pace.SecondsPerStep(run.Setting, phase)));
        return (int)run.Ranks.Broadcast(steps); // clocks differ
    }
}
