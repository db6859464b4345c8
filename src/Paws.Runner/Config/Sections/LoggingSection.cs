namespace Paws.Runner.Config;

/// <summary>Section logging.</summary>
public sealed record LoggingSection
{
    /// <summary>Run directory.</summary>
    public string? Folder { get; init; }

    /// <summary>Prefix of file names.</summary>
    public string WriteTag { get; init; } = "paws";

    /// <summary>Checkpoint to fine-tune, inside folder.</summary>
    public string? PretrainPath { get; init; }

    /// <summary>Ours: steps between metric lines.</summary>
    public int LogEverySteps { get; init; } = 10;

    /// <summary>Ours: seconds between checkpoints, besides those at epoch ends.</summary>
    public int CheckpointEverySeconds { get; init; } = 120;

    /// <summary>Ours: what follows when the method's training has collapsed: <c>warn</c>, or <c>stop</c>, which saves and ends with exit code 2.</summary>
    public string OnCollapse { get; init; } = Config.OnCollapse.Warn;
}
