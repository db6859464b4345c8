using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Paws.Runner.Commands;

/// <summary>The library's help, then the command's examples.</summary>
internal sealed class HelpWithExamples(HelpAction help, IReadOnlyList<Example> rootExamples) : SynchronousCommandLineAction
{
    /// <summary>Widest line of the help text.</summary>
    private const int Width = 100;

    /// <inheritdoc />
    public override bool ClearsParseErrors => true;

    /// <inheritdoc />
    public override int Invoke(ParseResult parseResult)
    {
        help.MaxWidth = Width;
        int code = help.Invoke(parseResult);
        var examples = parseResult.CommandResult.Command is VerbCommand verb ? verb.Examples : rootExamples;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var example in examples)
        {
            output.WriteLine($"  # {example.What}");
            output.WriteLine($"  {example.CommandLine}");
        }
        output.WriteLine();
        return code;
    }
}
