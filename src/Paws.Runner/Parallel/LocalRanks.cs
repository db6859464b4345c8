using System.CommandLine;
using System.Globalization;
using Paws.Runner.Startup;

namespace Paws.Runner.Parallel;

/// <summary>
/// <c>--nproc N</c>: starts this command line as N ranks on this machine with mpirun, hands on what rank 0 says, and sums up in a line
/// what mpirun says in many when a rank dies.
/// </summary>
internal static class LocalRanks
{
    private const string Name = "--nproc";

    /// <summary>The option, for help and for the parser.</summary>
    public static Option<int?> CreateOption() =>
        new(Name)
        {
            Description = "Start so many ranks on this machine, by mpirun: one a GPU, or sharing the cores. See docs/multi-gpu.md.",
            HelpName = "N",
        };

    /// <summary>The number that a command line asks for; null where it does not, or where it is one rank already.</summary>
    /// <exception cref="UserErrorException">The number is none, or the ranks were started already.</exception>
    public static int? Asked(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] != Name && !arguments[i].StartsWith(Name + "=", StringComparison.Ordinal))
            {
                continue;
            }
            var given = arguments[i].Length > Name.Length ? arguments[i][(Name.Length + 1)..] : arguments.ElementAtOrDefault(i + 1);
            if (!int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
            {
                throw new UserErrorException($"{Name} takes a whole number of ranks, at least 1, got {given ?? "nothing"}");
            }
            if (Launch.Detect().Size > 1)
            {
                throw new UserErrorException($"{Name} starts ranks itself; under mpirun, srun or torchrun leave it out");
            }
            return number == 1 ? null : number;
        }
        return null;
    }

    /// <summary>Starts the ranks and waits for them.</summary>
    /// <returns>Rank 0's exit code, or that of the rank that failed.</returns>
    /// <exception cref="UserErrorException">There is no mpirun, or a rank died.</exception>
    public static int Run(int number, IReadOnlyList<string> arguments)
    {
        var mpirun =
            Find("mpirun")
            ?? throw new UserErrorException(
                $"{Name} needs mpirun, which is not on the PATH; install Open MPI (Debian and Ubuntu: apt-get install openmpi-bin)"
            );
        var report = new MpirunReport();
        using var child = ChildProcess.Start(
            Command(mpirun, number, arguments),
            start =>
            {
                start.RedirectStandardError = true;
                start.Environment["TERM"] = "dumb"; // or .NET greets what mpirun passes off as a terminal
            }
        );
        // mpirun passes this signal on to all ranks, while it would end them at the others. Rank 0 says what happens.
        using var signals = new StopSignals(TextWriter.Null, "") { AtOnce = child.End };
        using var asking = signals.Token.Register(() => child.Ask((int)StopSignals.User));
        var process = child.Process;
        for (var line = process.StandardError.ReadLine(); line is not null; line = process.StandardError.ReadLine())
        {
            if (report.Take(line))
            {
                Console.Error.WriteLine(line);
            }
        }
        process.WaitForExit();
        var code = report.ExitCode ?? process.ExitCode;
        // The ranks know only the signal that mpirun gave them.
        if (signals.Token.IsCancellationRequested && code == 128 + (int)StopSignals.User)
        {
            return signals.ExitCode;
        }
        if (report.Died is { } died)
        {
            throw new UserErrorException(died);
        }
        return code;
    }

    private static List<string> Command(string mpirun, int number, IReadOnlyList<string> arguments)
    {
        List<string> words =
        [
            mpirun,
            "--oversubscribe", // more ranks than cores is the user's choice
            "--bind-to",
            "none", // by default a few ranks get one core each
            "-n",
            number.ToString(CultureInfo.InvariantCulture),
            .. ChildProcess.Self(),
            .. Without(arguments),
        ];
        if (Environment.UserName == "root")
        {
            words.Insert(1, "--allow-run-as-root");
        }
        return words;
    }

    private static IEnumerable<string> Without(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == Name)
            {
                i++;
            }
            else if (!arguments[i].StartsWith(Name + "=", StringComparison.Ordinal))
            {
                yield return arguments[i];
            }
        }
    }

    /// <summary>Where a program is on the PATH; null if nowhere.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
}
