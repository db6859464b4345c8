using System.Diagnostics;
using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Commands;
using Paws.Runner.Config;
using Paws.Runner.Evaluation;
using Paws.Runner.Reporting;
using Paws.Runner.Startup;

namespace Paws.Runner.Training;

/// <summary>
/// The main job: pre-training, fine-tuning if asked for, the baseline, and the report. Each phase that has ended leaves its
/// weights in a file of its own; a run that was stopped goes on where its checkpoint stands.
/// </summary>
internal sealed class TrainingJob(TrainRequest request, Experiment? experiment, CommandConsole console, CancellationToken stop)
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

    /// <summary>Runs to the end, or to the stop that was asked for.</summary>
    public void Run()
    {
        using var setting = RunSetting.Open(request.Config, console);
        StartClock.Mark(StartClock.Data);
        using var checkpoint = request.Resume ? OpenCheckpoint() : null;
        var progress = checkpoint is null ? new RunProgress() : RunProgress.Of(checkpoint.State.Extra);

        // Made while nothing has been written yet: this finds what would fail in the first step.
        using var encoder = setting.NewEncoder();
        using var pretraining = new PawsPhase(setting, encoder, experiment?.Objective);
        if (!request.Resume)
        {
            RunDirectory.Create(request.OutDirectory, request.Config);
            setting.Labels.WriteTo(Path.Combine(request.OutDirectory, LabelsFileName));
        }
        using var metrics = new MetricsWriter(request.OutDirectory);
        using var view = ConsoleProgress.Create(console.People);
        var run = new RunContext(setting, request.OutDirectory, metrics, view, progress, stop);
        console.Say($"{Hardware.Describe(setting.Device, setting.ComputeType)}; results go to {request.OutDirectory}");

        if (experiment is not null)
        {
            console.Say($"the objective is {experiment.Name}");
        }
        view.Note(ProgressText.NegativeLoss(run.Config.Criterion.ClassesPerBatch));
        Train(run, checkpoint, Phase.Paws, encoder, RunCheckpoint.ModelFileName, () => pretraining);
        var judged = NearestNeighbours.Evaluate(setting, encoder, keep: RunReportBuilder.EmbeddedImages);
        if (run.Config.Finetune.Epochs > 0)
        {
            Train(run, checkpoint, Phase.Suncet, encoder, FinetunedFileName, () => new SuncetPhase(setting, encoder));
        }
        if (run.Config.Baseline.Enabled)
        {
            using var plain = setting.NewEncoder();
            Train(run, checkpoint, Phase.Baseline, plain, BaselineFileName, () => new SupervisedPhase(setting, plain, BaselineSteps(run)));
        }
        metrics.Flush();
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

    /// <summary>Takes a phase from where it stands to its end, or its weights from their file when it has ended before.</summary>
    private static void Train(RunContext run, RunCheckpoint? checkpoint, string name, Encoder encoder, string file, Func<IPhase> create)
    {
        var state = run.State.Of(name);
        var path = Path.Combine(run.Directory, file);
        if (state.Done)
        {
            CheckpointLoader.LoadEncoder(path, RunContext.EncoderState(encoder));
            return;
        }
        using var phase = create();
        state.TotalSteps = phase.TotalSteps;
        if (checkpoint is not null && checkpoint.State.Phase == name)
        {
            foreach (var (tensor, value) in RunContext.EncoderState(encoder, RunCheckpoint.EncoderPrefix).Concat(phase.State))
            {
                checkpoint.Tensors.ReadInto(tensor, value);
            }
        }
        run.Metrics.ResumeAt(name, state.Step);
        new TrainingLoop(run, phase).Run(state);
        RunCheckpoint.SaveModel(path, RunContext.EncoderState(encoder));
        state.Done = true;
        run.Save(phase, state);
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
        return Math.Max(1, (int)Math.Ceiling(baseline.TimeFactor * seconds / Pace.SecondsPerStep(run.Setting, phase)));
    }
}
