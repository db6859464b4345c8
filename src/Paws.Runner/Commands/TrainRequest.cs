using Paws.Runner.Config;

namespace Paws.Runner.Commands;

/// <summary>What <c>paws train</c> was asked to do, checked as far as it can be before the data is opened.</summary>
public sealed record TrainRequest
{
    /// <summary>The resolved configuration: ranges checked, view settings filled in.</summary>
    public required PawsConfig Config { get; init; }

    /// <summary>
    /// The run directory, a full path. It has passed <see cref="RunDirectory.Check"/>, unless <see cref="AnyName"/>, and has not been made
    /// yet: it is claimed first, and <see cref="RunDirectory.Create"/> belongs after the data has been opened, so that bad data leaves
    /// nothing behind.
    /// </summary>
    public required string OutDirectory { get; init; }

    /// <summary>Nobody has asked for that directory: where it is taken, another beside it will do.</summary>
    public bool AnyName { get; init; }

    /// <summary>Continue the run that the directory holds.</summary>
    public bool Resume { get; init; }

    /// <summary>What of the configuration the user asked for; the rest may be fitted to the data.</summary>
    public AskedSettings Asked { get; init; } = AskedSettings.Nothing;

    /// <summary>The preset that was chosen by the images, told once the run's cost is known; null where none was chosen so.</summary>
    public string? ChosenPreset { get; init; }

    /// <summary>Standard output is for one JSON object.</summary>
    public bool Json { get; init; }

    /// <summary>The folder of the images; null for the built-in set.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>The command line as typed, for the record.</summary>
    public required string CommandLine { get; init; }
}
