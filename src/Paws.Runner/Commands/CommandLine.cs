using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Reflection;
using Paws.Runner.Config;
using Paws.Runner.Parallel;

namespace Paws.Runner.Commands;

/// <summary>The whole command line: verbs, help, version, and what becomes of mistakes.</summary>
internal static class CommandLine
{
    /// <summary>The version as <c>paws --version</c> prints it.</summary>
    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
        ?? "unknown";

    /// <summary>Shown by <c>paws --help</c>.</summary>
    internal static readonly Example[] RootExamples =
    [
        new("The first run: built-in images, a few minutes on 2 cores", "paws train"),
        new("What this machine has, and what is missing", "paws doctor"),
        new("The options of a verb", "paws train --help"),
    ];

    /// <summary>Runs a command line.</summary>
    /// <returns>0 done, 2 a mistake of the user's, 130 stopped, 1 anything else.</returns>
    public static int Run(IReadOnlyList<string> arguments, CommandHost host)
    {
        try
        {
            var parse = Create(host).Parse(arguments);
            bool help = parse.Action is HelpWithExamples;
            if (parse.Errors.Count > 0 && !help)
            {
                throw new UserErrorException(DescribeMistake(parse));
            }
            if (!help)
            {
                RefuseEmptyWords(parse);
            }
            // Ctrl-C is ours (see Program), and so are exceptions.
            return parse.Invoke(
                new InvocationConfiguration
                {
                    Output = host.Output,
                    Error = host.Error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                }
            );
        }
        catch (OperationCanceledException e) when (e is not (StoppedException or RanksStoppedException) && !Trains(arguments))
        {
            return Report(new StoppedException("nothing was left half made", e), host);
        }
        catch (Exception e)
        {
            return Report(e, host);
        }
    }

    private static bool Trains(IReadOnlyList<string> arguments) => arguments.Count > 0 && arguments[0] is "train" or "finetune";

    /// <summary>
    /// What becomes of a failure. Among ranks, one that fails before they have talked tells the others where they first agree; one
    /// that fails by itself later ends the job, since the others wait for it.
    /// </summary>
    private static int Report(Exception e, CommandHost host)
    {
        var ranks = host.Ranks;
        if (!ranks.Alone && e is not (RankFailedException or RanksStoppedException))
        {
            if (ranks.Engaged)
            {
                ranks.Die(e, host.Error);
            }
            try
            {
                ranks.Agree(e);
            }
            catch (RankFailedException agreed)
            {
                e = agreed;
            }
        }
        return Failure.Report(e, ranks.Leads ? host.Error : TextWriter.Null, host.Stop, host.StopCode());
    }

    /// <summary>The command tree.</summary>
    internal static RootCommand Create(CommandHost host)
    {
        var root = new RootCommand("PAWS: visual features and a classifier from a few labeled and many unlabeled images.")
        {
            TrainCommand.Create(host),
            EvalCommand.Create(host),
            FinetuneCommand.Create(host),
            ReproCommand.Create(host),
            DataCommand.Create(host),
            DoctorCommand.Create(host),
            VerifyCommand.Create(host),
            BenchCommand.Create(host),
        };
        foreach (var option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction help })
            {
                option.Action = new HelpWithExamples(help, RootExamples);
            }
            else if (option is VersionOption)
            {
                option.Action = new PrintVersion();
            }
        }
        root.SetAction(parse => root.Parse("--help").Invoke(parse.InvocationConfiguration));
        return root;
    }

    /// <summary>The first mistake in one line, with the nearest option where one was mistyped, and where help is.</summary>
    private static string DescribeMistake(ParseResult parse)
    {
        var command = parse.CommandResult.Command;
        string verb = command is RootCommand ? "paws" : $"paws {PathOf(parse)}";
        string problem = parse.Errors[0].Message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
        if (
            parse.Errors[0].SymbolResult is OptionResult { Tokens: [var given, ..], Option: var option }
            && NumberWord(option.ValueType) is { } word
        )
        {
            problem = $"{option.Name} takes {word}, got {given.Value}";
        }
        else if (parse.UnmatchedTokens.FirstOrDefault() is { } token)
        {
            var names = token.StartsWith('-')
                ? command.Options.Select(o => o.Name).Append("--help")
                : command.Subcommands.Select(c => c.Name);
            string hint = NearestName.Find(token.Split('=')[0], names) is { } near ? $"; did you mean {near}?" : "";
            problem =
                $"unknown {(token.StartsWith('-') ? "option" : command.Subcommands.Count > 0 ? "command" : "argument")} {token}{hint}";
        }
        else if (parse.Tokens.Count > 0 && parse.Tokens[^1].Value == command.Name && command.Subcommands.Count > 0)
        {
            problem = $"{verb} needs one of: {string.Join(", ", command.Subcommands.Select(c => c.Name))}";
        }
        return $"{problem} (see {verb} --help)";
    }

    /// <summary>An empty word for an option or an argument names nothing, whatever it stands for.</summary>
    private static void RefuseEmptyWords(ParseResult parse)
    {
        foreach (var given in parse.CommandResult.Children)
        {
            if (given.Tokens.Any(token => token.Value.Length == 0))
            {
                string name = given switch
                {
                    OptionResult option => option.Option.Name,
                    ArgumentResult argument => argument.Argument.HelpName ?? argument.Argument.Name,
                    _ => "an argument",
                };
                throw new UserErrorException($"{PathWords.Empty(name)} (see paws {PathOf(parse)} --help)");
            }
        }
    }

    private static string? NumberWord(Type type) =>
        type == typeof(int?) || type == typeof(int) ? "a whole number"
        : type == typeof(double?) ? "a number"
        : null;

    private static string PathOf(ParseResult parse)
    {
        var names = new Stack<string>();
        for (var at = parse.CommandResult; at.Command is not RootCommand; at = (CommandResult)at.Parent!)
        {
            names.Push(at.Command.Name);
        }
        return string.Join(' ', names);
    }

    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"paws {Version}");
            return 0;
        }
    }
}
