using Paws.Runner.Config;

namespace Paws.Runner.Commands;

/// <summary>What <c>paws eval</c> was asked to do.</summary>
public sealed record EvalRequest
{
    /// <summary>The run's configuration with the changes of the command line.</summary>
    public required PawsConfig Config { get; init; }

    /// <summary>The run directory, a full path.</summary>
    public required string RunDirectory { get; init; }

    /// <summary>The checkpoint to evaluate, a full path; null the run's latest.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>The folder of the images; null for the built-in set.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>Standard output is for one JSON object.</summary>
    public bool Json { get; init; }
}
