using System.Text.Json.Nodes;
using Paws.Runner.Reporting;

namespace Paws.Runner.Repro;

/// <summary>The record of a finished run: what is kept of it.</summary>
/// <param name="Result">Its result.json.</param>
/// <param name="Metrics">Its metrics.jsonl.</param>
public sealed record FinishedRun(JsonObject Result, MetricsLog Metrics)
{
    /// <summary>The steps of pre-training, whichever method.</summary>
    public IReadOnlyList<StepMetrics> Pretraining => Metrics.StepsOf(Text("method") ?? Phase.Paws);

    /// <summary>Seconds of training, all phases and sittings, evaluation not counted.</summary>
    public double TrainingSeconds =>
        Number("pretrain_seconds") is { } pretraining
            ? pretraining + (Number("finetune_seconds") ?? 0) + (Number("distill_seconds") ?? 0)
            : Number("paws_seconds") ?? 0; // of runs before phases were told apart

    /// <summary>A number of the result; null where it is none.</summary>
    public double? Number(string key) => Result[key] is JsonValue value && value.TryGetValue(out double number) ? number : null;

    /// <summary>A text of the result; null where it is none.</summary>
    public string? Text(string key) => Result[key] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
