using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Paws.Runner.Training;

/// <summary>How far a phase has come and what it has reached; part of a checkpoint.</summary>
internal sealed class PhaseState
{
    /// <summary>Steps done.</summary>
    public int Step { get; set; }

    /// <summary>Steps in all; 0 until the phase has begun.</summary>
    public int TotalSteps { get; set; }

    /// <summary>Seconds of training, evaluation and checkpoints not counted, summed over resumes.</summary>
    public double Seconds { get; set; }

    /// <summary>Top-1 of the last evaluation, in percent.</summary>
    public double? Top1 { get; set; }

    /// <summary>Top-5 of the last evaluation, in percent.</summary>
    public double? Top5 { get; set; }

    /// <summary>Top-1 of the best evaluation, in percent.</summary>
    public double? BestTop1 { get; set; }

    /// <summary>Top-1 after the last step, in percent, where another epoch's weights are judged instead; else null.</summary>
    public double? LastTop1 { get; set; }

    /// <summary>The epoch whose weights are judged, where a phase chooses; else null.</summary>
    public double? JudgedEpoch { get; set; }

    /// <summary>Top-1 of those weights on the images that chose them, in percent; else null.</summary>
    public double? HeldOutTop1 { get; set; }

    /// <summary>Whether an evaluation after these steps was begun and has not ended; it is made up for when the run goes on.</summary>
    public bool? EvaluationDue { get; set; }

    /// <summary>Whether it stands collapsed, as far as has been noticed.</summary>
    public bool Collapsed { get; set; }

    /// <summary>Since which step it was collapsed when that was last noticed; null when it never was.</summary>
    public int? CollapsedAtStep { get; set; }

    /// <summary>Since which step it was no longer; null when it never collapsed, or still is.</summary>
    public int? RecoveredAtStep { get; set; }

    /// <summary>What had collapsed, one of <see cref="Training.CollapseKind"/>; null when nothing had.</summary>
    public string? CollapseKind { get; set; }

    /// <summary>Whether the phase has ended and its weights are written.</summary>
    public bool Done { get; set; }
}

/// <summary>Where a run stands: each phase by name.</summary>
internal sealed class RunProgress
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>State of each phase that has begun.</summary>
    public Dictionary<string, PhaseState> Phases { get; init; } = [];

    /// <summary>The state of a phase, a fresh one if it has not begun.</summary>
    public PhaseState Of(string phase) => Phases.TryGetValue(phase, out var state) ? state : Phases[phase] = new PhaseState();

    /// <summary>As it stands in a checkpoint.</summary>
    public JsonObject ToJson() => JsonSerializer.SerializeToNode(this, Options)!.AsObject();

    /// <summary>Reads it back.</summary>
    public static RunProgress Of(JsonObject json) => json.Deserialize<RunProgress>(Options) ?? new RunProgress();
}
