using System.Diagnostics;
using Paws.Data;
using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Commands;
using Paws.Runner.Config;
using Paws.Runner.Parallel;
using Paws.Runner.Reporting;
using Paws.Runner.Startup;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// The main job: training by the method, fine-tuning and distillation if asked for, the baseline, and the report. A run that was
/// stopped goes on where its checkpoint stands. Of several ranks all train; the one
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

    /// <summary>Weights of the baseline's encoder.</summary>
    public const string BaselineFileName = "baseline.safetensors";

    /// <summary>The labeled images, one index a line: another run can take it with --label-file.</summary>
    public const string LabelsFileName = "labels.txt";

    /// <summary>The report's charts as files of their own.</summary>
    public const string FiguresFolder = "figures";

    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Workers ranks = workers ?? Workers.Single;

    /// <summary>Asks what is not a step to stop: opening data, waiting for a batch, evaluation.</summary>
    public CancellationToken Waits { get; init; }

    /// <summary>Runs to the end, or to the stop that was asked for.</summary>
    public void Run()
    {
        using var claim = ranks.Together(() =>
            ranks.Leads ? Claim(request.OutDirectory, request.Resume, request.Config, console, request.AnyName) : null
        );
        request = request with { OutDirectory = claim?.Directory ?? request.OutDirectory };
        try
        {
            Train();
        }
        catch (OperationCanceledException e) when (ranks.Alone)
        {
            throw Stopped(request.OutDirectory, e);
        }
    }

    /// <summary>Takes the directory of results for this process.</summary>
    public static RunClaim Claim(string directory, bool resume, PawsConfig config, CommandConsole console, bool anyName = false)
    {
        var claim = RunClaim.Take(directory, resume, config, anyName);
        if (claim.LeftBy is { } dead)
        {
            console.Warn($"{claim.Directory} was left locked by {dead}, which has ended: taken over");
        }
        return claim;
    }

    /// <summary>How a run that was stopped is gone on with.</summary>
    public static StoppedException Stopped(string directory, OperationCanceledException e) =>
        new(
            !RunDirectory.HoldsRun(directory) ? "nothing had been written; the same command starts again"
                : RunCheckpoint.Exists(Path.Combine(directory, RunCheckpoint.FileName)) ? $"saved; go on with --resume --out {directory}"
                : $"nothing had been trained; begin with --resume --out {directory}",
            e
        );

    /// <summary>Takes the changed settings of a continuation into the run's configuration, and says which they are.</summary>
    public static void Adopt(string directory, PawsConfig config, Resumed from, CommandConsole console)
    {
        var step = from.Checkpoint?.State.Step ?? 0;
        var changes = RunDirectory.Adopt(directory, config, from.Phase, step);
        if (changes.Count > 0)
        {
            console.Say($"changed from here on: {string.Join("; ", changes)}");
        }
    }

    private void Train()
    {
        var keepsBadImages = request.Resume && RunData.KeepsBadImages(request.OutDirectory, request.Config);
        var skipped = new SkippedList(ranks.Leads && request.Resume ? request.OutDirectory : null, console.Warn);
        using var setting = ranks.Together(() =>
        {
            try
            {
                return RunSetting.Open(request.Config, console, ranks, request.Asked, Waits, keepsBadImages, image => skipped.Add(image));
            }
            catch (DataException e) when (request.Resume && e.Image is not null)
            {
                // A new run may do without it; one that has begun counts on it.
                throw new UserErrorException(TrainingLoop.Words(e.Image, saved: false), e);
            }
        });
        ranks.Use(setting.Device);
        StartClock.Mark(StartClock.Data);
        using var from = Resumed.From(request.OutDirectory, request.Resume, ranks, console);

        // Made while nothing has been written yet: this finds what would fail in the first step.
        using var encoder = setting.NewEncoder();
        using var method = ranks.Together(() => MethodPhases.Create(setting, encoder, experiment));
        if (request.ChosenPreset is { } preset)
        {
            console.Say(ExpectedTime.Describe(preset, setting, encoder));
        }
        using var metrics = ranks.Together(() => OpenDirectory(setting, from, keepsBadImages));
        using var view = ConsoleProgress.Create(console.People);
        var run = new RunContext(setting, request.OutDirectory, metrics, view, from.Progress, stop);
        if (ranks.Leads)
        {
            skipped = new SkippedList(request.OutDirectory, line => view.Note("warning: " + line));
        }
        console.Say($"{Hardware.Describe(setting.Device, setting.ComputeType)}; results go to {request.OutDirectory}");
        if (!ranks.Alone || setting.Plans.WorldSize > 1)
        {
            console.Say(DescribeRanks(setting));
        }

        if (experiment is not null)
        {
            console.Say($"the objective is {experiment.Name}");
        }
        if (method is PawsPhase && (experiment is not null || run.Config.Criterion.MeMax))
        {
            view.Note(ProgressText.NegativeLoss(setting.Plans.SupportClasses));
        }
        var runner = new PhaseRunner(run, from);
        runner.Train(method, PhaseFiles.Method);
        var judged = ranks.Leads ? method.Judge(RunReportBuilder.EmbeddedImages) : null;
        method.Dispose(); // what comes has buffers of its own
        if (run.Config.Finetune.Epochs > 0)
        {
            var name = run.Config.Finetune.Method;
            runner.Train(name, encoder, PhaseFiles.Finetuned, () => FinetunePhase(run, encoder));
        }
        if (run.Config.Method.DistillEpochs > 0)
        {
            Distill(run, runner, encoder);
        }
        if (run.Config.Baseline.Enabled && method.Name != TrainMethod.Supervised)
        {
            using var plain = setting.NewEncoder();
            runner.Train(
                Phase.Baseline,
                plain,
                PhaseFiles.Baseline,
                () => new SupervisedPhase(setting, plain, BaselineSteps(run, method.TotalSteps))
            );
        }
        if (judged is null)
        {
            return;
        }
        metrics?.Flush();
        var result = RunReportBuilder.Result(run, method, clock.Elapsed.TotalSeconds) with
        {
            Objective = experiment?.Name ?? method.Name,
            SkippedImages = setting.Data.SkippedImages.Count + skipped.Count,
        };
        result.Write();
        var report = RunReportBuilder.Build(run, method, judged, result);
        // Projections take seconds; the run is saved, and the report can be drawn again.
        Abandonable.Run(
            () =>
            {
                HtmlReport.Write(run.Directory, report);
                return FigureExport.Write(Path.Combine(run.Directory, FiguresFolder), run.Directory, report);
            },
            setting.Stop
        );
        RunReportBuilder.Summarise(run, report, result, console);
        console.WriteResult(result.ToJson());
    }

    /// <summary>The run directory made or found, and its metrics file, on the rank that leads.</summary>
    private MetricsWriter? OpenDirectory(RunSetting setting, Resumed from, bool keepsBadImages)
    {
        if (!ranks.Leads)
        {
            return null;
        }
        var directory = request.OutDirectory;
        var data = RunData.Of(setting.Data, request.Config.Data.SkipBadImages && !keepsBadImages);
        if (request.Resume)
        {
            var before = RunData.Read(directory);
            before?.Require(data, DataLocation.Directory(request.Config) ?? "the built-in set");
            if (before is null)
            {
                data.Write(directory);
            }
            Adopt(directory, setting.Config, from, console);
        }
        else
        {
            RunDirectory.Create(directory, setting.Config);
            data.Write(directory);
        }
        // A run that was killed in its first moments may lack it.
        var labels = Path.Combine(directory, LabelsFileName);
        if (!request.Resume || !File.Exists(labels))
        {
            setting.Labels.WriteTo(labels);
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

    private IPhase FinetunePhase(RunContext run, Encoder encoder) =>
        run.Config.Finetune.Method == FinetuneMethod.Suncet
            ? new SuncetPhase(run.Setting, encoder)
            : ClassifierFinetune.NewPhase(run, encoder, console.Say);

    /// <summary>A student learns from the network as fine-tuning left it.</summary>
    private static void Distill(RunContext run, PhaseRunner runner, Encoder teacher)
    {
        using var classifier = new LinearClassifier(run.Setting, teacher);
        CheckpointLoader.LoadEncoder(Path.Combine(run.Directory, PhaseFiles.Finetuned.Classifier!), classifier.State);
        using var student = run.Setting.NewEncoder();
        runner.Train(
            Phase.Distillation,
            student,
            PhaseFiles.Distilled,
            () => new DistillationPhase(run.Setting, teacher, classifier, student)
        );
    }

    /// <summary>Steps of the baseline: those it began with, or as <see cref="BaselineLength"/> counts.</summary>
    private static int BaselineSteps(RunContext run, int methodSteps)
    {
        var begun = run.State.Of(Phase.Baseline).TotalSteps;
        var setting = run.Setting;
        return begun > 0 ? begun : BaselineLength.Steps(run.Config, methodSteps, setting.Data.Train.Count, setting.Labeled.Length);
    }
}
