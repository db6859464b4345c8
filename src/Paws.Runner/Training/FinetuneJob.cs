using System.Diagnostics;
using System.Text.Json.Nodes;
using Paws.Runner.Checkpoints;
using Paws.Runner.Commands;
using Paws.Runner.Config;
using Paws.Runner.Evaluation;
using Paws.Runner.Reporting;

namespace Paws.Runner.Training;

/// <summary>SuNCEt fine-tuning of a run's encoder, into a directory of its own.</summary>
internal static class FinetuneJob
{
    /// <summary>Fine-tunes, evaluates before and after, writes weights and metrics.</summary>
    public static void Run(FinetuneRequest request, CommandConsole console, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        var path =
            request.Checkpoint
            ?? EvaluationJob.WeightsOf(request.RunDirectory ?? throw new UserErrorException("finetune needs a run or a --checkpoint"));
        using var setting = RunSetting.Open(request.Config, console);
        using var encoder = setting.NewEncoder();
        CheckpointLoader.LoadEncoder(path, RunContext.EncoderState(encoder));
        using var phase = new SuncetPhase(setting, encoder);
        var before = NearestNeighbours.Evaluate(setting, encoder).Accuracy;
        console.Say(EvaluationJob.Describe("before fine-tuning", before));

        RunDirectory.Create(request.OutDirectory, request.Config);
        using var metrics = new MetricsWriter(request.OutDirectory);
        using var view = ConsoleProgress.Create(console.People);
        var run = new RunContext(setting, request.OutDirectory, metrics, view, new RunProgress(), stop);
        var state = run.State.Of(phase.Name);
        state.TotalSteps = phase.TotalSteps;
        new TrainingLoop(run, phase).Run(state);
        RunCheckpoint.SaveModel(Path.Combine(request.OutDirectory, TrainingJob.FinetunedFileName), RunContext.EncoderState(encoder));
        var result = new JsonObject
        {
            ["top1"] = Math.Round(state.Top1 ?? 0, 2),
            ["top5"] = state.Top5 is { } top5 ? Math.Round(top5, 2) : null,
            ["top1_before"] = EvaluationJob.Percent(before.Top1),
            ["seconds"] = Math.Round(clock.Elapsed.TotalSeconds, 2),
            ["checkpoint"] = path,
            ["run_directory"] = request.OutDirectory,
        };
        AtomicFile.WriteAllText(Path.Combine(request.OutDirectory, RunResult.FileName), result.ToJsonString() + "\n");
        console.Say($"weights: {Path.Combine(request.OutDirectory, TrainingJob.FinetunedFileName)}");
        console.WriteResult(result);
    }
}
