using System.Diagnostics;
using System.Text.Json.Nodes;
using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Commands;
using Paws.Runner.Config;
using Paws.Runner.Evaluation;
using Paws.Runner.Reporting;

namespace Paws.Runner.Training;

/// <summary>Fine-tuning of a run's encoder by one of <see cref="FinetuneMethod.Names"/>, into a directory of its own.</summary>
internal static class FinetuneJob
{
    /// <summary>Fine-tunes, evaluates before and after, writes weights and metrics.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="console">Where it talks.</param>
    /// <param name="stop">Asks to save and end after a step.</param>
    /// <param name="waits">Asks the same of everything that is not a step.</param>
    public static void Run(FinetuneRequest request, CommandConsole console, CancellationToken stop, CancellationToken waits)
    {
        var clock = Stopwatch.StartNew();
        var path =
            request.Checkpoint
            ?? EvaluationJob.WeightsOf(request.RunDirectory ?? throw new UserErrorException("finetune needs a run or a --checkpoint"));
        using var claim = TrainingJob.Claim(request.OutDirectory, request.Resume, request.Config, console);
        try
        {
            Run(request, path, clock, console, stop, waits);
        }
        catch (OperationCanceledException e)
        {
            throw TrainingJob.Stopped(request.OutDirectory, e);
        }
    }

    private static void Run(
        FinetuneRequest request,
        string path,
        Stopwatch clock,
        CommandConsole console,
        CancellationToken stop,
        CancellationToken waits
    )
    {
        var skipped = new SkippedList(null, console.Warn);
        var keeps = request.RunDirectory is { } source && RunData.KeepsBadImages(source, request.Config);
        using var setting = RunSetting.Open(request.Config, console, stop: waits, keepBadImages: keeps, replaced: skipped.Add);
        foreach (var smaller in LabeledBatches.Notes(request.Config, request.Given, setting.Labeled.Length, setting.FewestLabels()))
        {
            console.Note(smaller);
        }
        using var encoder = setting.NewEncoder();
        CheckpointLoader.LoadEncoder(path, RunContext.EncoderState(encoder));
        Finite.Require(path, RunContext.EncoderState(encoder));
        var before = NearestNeighbours.Evaluate(setting, encoder).Accuracy;
        console.Say(EvaluationJob.Describe("before fine-tuning", before));

        using var from = Resumed.From(request.OutDirectory, request.Resume, setting.Ranks, console);
        if (!request.Resume)
        {
            RunDirectory.Create(request.OutDirectory, request.Config);
        }
        else
        {
            TrainingJob.Adopt(request.OutDirectory, request.Config, from, console);
        }
        using var metrics = new MetricsWriter(request.OutDirectory);
        using var view = ConsoleProgress.Create(console.People);
        var run = new RunContext(setting, request.OutDirectory, metrics, view, from.Progress, stop);
        var method = request.Config.Finetune.Method;
        var runner = new PhaseRunner(run, from);
        var result = method == FinetuneMethod.Suncet ? Suncet(run, runner, encoder) : Classifier(run, runner, encoder, console.Say);
        result["method"] = method;
        result["top1_before"] = EvaluationJob.Percent(before.Top1);
        result["seconds"] = Math.Round(clock.Elapsed.TotalSeconds, 2);
        result["checkpoint"] = path;
        result["run_directory"] = request.OutDirectory;
        AtomicFile.WriteAllText(Path.Combine(request.OutDirectory, RunResult.FileName), result.ToJsonString() + "\n");
        console.Say($"weights: {Path.Combine(request.OutDirectory, TrainingJob.FinetunedFileName)}");
        console.WriteResult(result);
    }

    private static JsonObject Suncet(RunContext run, PhaseRunner runner, Encoder encoder)
    {
        using var phase = new SuncetPhase(run.Setting, encoder);
        runner.Train(phase, PhaseFiles.Finetuned);
        var state = run.State.Of(phase.Name);
        return new JsonObject
        {
            ["top1"] = Math.Round(state.Top1 ?? 0, 2),
            ["top5"] = state.Top5 is { } top5 ? Math.Round(top5, 2) : null,
            ["protocol"] = phase.Title,
        };
    }

    private static JsonObject Classifier(RunContext run, PhaseRunner runner, Encoder encoder, Action<string> say)
    {
        using var phase = ClassifierFinetune.NewPhase(run, encoder, say);
        runner.Train(phase, PhaseFiles.Finetuned);
        var state = run.State.Of(phase.Name);
        say(ClassifierFinetune.Describe(state, phase.Title));
        return ClassifierFinetune.Result(phase, state);
    }
}
