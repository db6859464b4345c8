using System.CommandLine;

namespace Paws.Runner.Commands;

/// <summary>A command whose --help ends in examples.</summary>
internal sealed class VerbCommand(string name, string description, params Example[] examples) : Command(name, description)
{
    /// <summary>Shown by --help below the options.</summary>
    public IReadOnlyList<Example> Examples { get; } = examples;
}

/// <summary>An example of use: what it does, and the command line.</summary>
internal sealed record Example(string What, string CommandLine);
