using Paws.Runner.Config;

namespace Paws.Runner.Commands;

/// <summary>What <c>paws finetune</c> was asked to do: training on the labeled images, from a pre-trained encoder.</summary>
public sealed record FinetuneRequest
{
    /// <summary>The run's configuration with the changes of the file and the command line; section finetune is what counts.</summary>
    public required PawsConfig Config { get; init; }

    /// <summary>Keys that a file or --set gave.</summary>
    public IReadOnlySet<string> Given { get; init; } = new HashSet<string>();

    /// <summary>The run that holds the encoder, a full path; null when a checkpoint is given without its run.</summary>
    public string? RunDirectory { get; init; }

    /// <summary>The checkpoint to start from, a full path; null the run's latest.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Where the results go, a full path; it has passed <see cref="Config.RunDirectory.Check"/> and has not been made yet.</summary>
    public required string OutDirectory { get; init; }

    /// <summary>Continue the fine-tuning that the directory holds.</summary>
    public bool Resume { get; init; }

    /// <summary>The folder of the images; null for the built-in set.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>Standard output is for one JSON object.</summary>
    public bool Json { get; init; }

    /// <summary>The command line as typed, for the record.</summary>
    public required string CommandLine { get; init; }
}
