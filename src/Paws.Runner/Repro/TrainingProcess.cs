using Paws.Runner.Config;
using Paws.Runner.Reporting;

namespace Paws.Runner.Repro;

/// <summary>
/// Each run is <c>paws train</c> in a process of its own: several can work side by side, none can disturb another's numbers, and one
/// that dies takes nothing with it.
/// </summary>
/// <param name="data">Folder of the images; null for the built-in set.</param>
/// <param name="device">Where they train; null leaves it to the configuration.</param>
internal sealed class TrainingProcess(string? data, string? device) : IRunner
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);

    /// <inheritdoc />
    public async Task Run(ReproRun run, string directory, Action<double> done, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        using var mine = Claim(run, directory);
        var config = directory + ".yaml";
        AtomicFile.WriteAllText(config, ConfigWriter.ToYaml(run.Config));
        using var log = new StreamWriter(directory + ".log", append: true) { AutoFlush = true };
        var last = "";
        using var child = ChildProcess.Start(
            Command(config, directory),
            start => start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true
        );
        var process = child.Process;
        process.OutputDataReceived += (_, line) => Write(line.Data);
        process.ErrorDataReceived += (_, line) => Write(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var asking = stop.Register(() => child.Ask());
        while (!process.HasExited)
        {
            await Task.WhenAny(process.WaitForExitAsync(CancellationToken.None), Task.Delay(Pause, CancellationToken.None))
                .ConfigureAwait(false);
            done(Share(run, directory));
        }
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false); // and what it still had to say
        if (process.ExitCode != 0 && stop.IsCancellationRequested)
        {
            throw new OperationCanceledException(stop);
        }
        if (process.ExitCode != 0)
        {
            throw new UserErrorException(
                $"{run.Key}: {(last.Length > 0 ? last : $"ended with code {process.ExitCode}")} (see {directory}.log)"
            );
        }

        void Write(string? line)
        {
            if (line is not null)
            {
                lock (log)
                {
                    log.WriteLine(line);
                    last = line.StartsWith("paws: error: ", StringComparison.Ordinal) ? line["paws: error: ".Length..] : last;
                }
            }
        }
    }

    /// <inheritdoc />
    public double Share(ReproRun run, string directory) =>
        LastStep(Path.Combine(directory, MetricsWriter.FileName)) is { } step ? run.Cost.Share(step) : 0;

    /// <summary>Two plans may share arms, and two processes a working folder; a run directory has one writer.</summary>
    private static FileStream Claim(ReproRun run, string directory)
    {
        // A training whose paws repro was killed goes on until it has saved.
        if (RunClaim.IsTaken(directory, out var words))
        {
            throw new RunTakenException($"{run.Key}: {words}");
        }
        try
        {
            return new FileStream(
                directory + ".lock",
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None,
                1,
                FileOptions.DeleteOnClose
            );
        }
        catch (IOException e)
        {
            throw new RunTakenException($"{run.Key} is being trained by another paws repro in {Path.GetDirectoryName(directory)}", e);
        }
    }

    private List<string> Command(string config, string directory)
    {
        List<string> words = [.. ChildProcess.Self(), "train", "--config", config, "--out", directory];
        if (RunDirectory.HoldsRun(directory))
        {
            words.Add("--resume");
        }
        if (data is not null)
        {
            words.AddRange(["--data", data]);
        }
        if (device is not null)
        {
            words.AddRange(["--device", device]);
        }
        return words;
    }

    private static StepMetrics? LastStep(string path)
    {
        const int tail = 4096;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            file.Seek(Math.Max(0, file.Length - tail), SeekOrigin.Begin);
            using var reader = new StreamReader(file);
            return MetricsReader.Parse(reader.ReadToEnd().Split('\n')).Steps.LastOrDefault();
        }
        catch (IOException)
        {
            return null; // not there yet
        }
    }
}
