using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Paws.Runner.Parallel;

/// <summary>
/// <c>--nproc N</c>: starts this command line as N ranks on this machine with mpirun, hands on what rank 0 says, and sums up in a line
/// what mpirun says in many when a rank dies.
/// </summary>
internal static class LocalRanks
{
    /// <summary>SIGUSR1, which mpirun passes on to all ranks: stop and save, as Ctrl-C asks one process to.</summary>
    public const PosixSignal StopSignal = (PosixSignal)10;

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
        using var process = Process.Start(Command(mpirun, number, arguments))!;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(process, signal));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(process, signal));
        for (var line = process.StandardError.ReadLine(); line is not null; line = process.StandardError.ReadLine())
        {
            if (report.Take(line))
            {
                Console.Error.WriteLine(line);
            }
        }
        process.WaitForExit();
        if (report.Died is { } died)
        {
            throw new UserErrorException(died);
        }
        return report.ExitCode ?? process.ExitCode;
    }

    private static ProcessStartInfo Command(string mpirun, int number, IReadOnlyList<string> arguments)
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
        // A session of its own, so that a Ctrl-C at the terminal comes here alone: mpirun would end the ranks before they have saved.
        if (Find("setsid") is { } setsid)
        {
            words.InsertRange(0, [setsid, "--wait"]);
        }
        var start = new ProcessStartInfo(words[0]) { RedirectStandardError = true };
        start.Environment["TERM"] = "dumb"; // or .NET greets what mpirun passes off as a terminal
        foreach (var word in words.Skip(1))
        {
            start.ArgumentList.Add(word);
        }
        return start;
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

    /// <summary>Asks the ranks to save and end.</summary>
    private static void Stop(Process process, PosixSignalContext signal)
    {
        signal.Cancel = true;
        ChildProcess.Signal(process, (int)StopSignal);
    }

    /// <summary>Where a program is on the PATH; null if nowhere.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
}
