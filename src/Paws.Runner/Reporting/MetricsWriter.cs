using System.Diagnostics;
using System.Text;

namespace Paws.Runner.Reporting;

/// <summary>
/// Appends to the run's metrics.jsonl, one JSON object a line, and mirrors each number as a TensorBoard event under tensorboard/PHASE.
/// Lines are buffered and reach the disk every few seconds, at <see cref="Flush"/> and at the end. Calls may come from any thread.
/// </summary>
public sealed class MetricsWriter : IDisposable
{
    /// <summary>Name of the file in the run directory.</summary>
    public const string FileName = "metrics.jsonl";

    /// <summary>Folder of the TensorBoard events in the run directory.</summary>
    public const string TensorBoardFolder = "tensorboard";

    private static readonly TimeSpan FlushEvery = TimeSpan.FromSeconds(3);

    private readonly Lock gate = new();
    private readonly string runDirectory;
    private readonly string path;
    private readonly Dictionary<string, TensorBoardFile> boards = [];
    private StreamWriter lines;
    private long flushed = Stopwatch.GetTimestamp();

    /// <summary>Opens the file for appending; a torn last line is dropped first.</summary>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public MetricsWriter(string runDirectory)
    {
        this.runDirectory = runDirectory;
        Directory.CreateDirectory(runDirectory);
        path = Path.Combine(runDirectory, FileName);
        DropTornLine(path);
        lines = Append(path);
    }

    /// <summary>
    /// Forgets the lines that a phase resumed at <paramref name="step"/> (the first step to be done again) will write anew: its steps
    /// from there on, and its evaluations made after more steps than that. Call once a phase after opening, 0 for a phase not yet begun.
    /// </summary>
    public void ResumeAt(string phase, long step)
    {
        lock (gate)
        {
            lines.Dispose();
            bool Keep(string line) =>
                MetricsLine.Parse(line) switch
                {
                    StepMetrics s => s.Phase != phase || s.Step < step,
                    EvaluationMetrics e => e.Phase != phase || (e.Step <= step && step > 0),
                    _ => true,
                };
            string[] all = File.ReadAllLines(path);
            string[] kept = [.. all.Where(Keep)];
            if (kept.Length < all.Length)
            {
                AtomicFile.WriteAllText(path, string.Concat(kept.Select(line => line + "\n")));
            }
            lines = Append(path);
            if (Directory.Exists(BoardFolder(phase)))
            {
                Board(phase).StartSession(step);
            }
        }
    }

    /// <summary>Appends the measurements of a step.</summary>
    public void Write(StepMetrics metrics)
    {
        lock (gate)
        {
            lines.Write(MetricsLine.Write(metrics) + "\n");
            TensorBoardFile board = Board(metrics.Phase);
            foreach (var (tag, value) in Tags(metrics))
            {
                board.Scalar(tag, value, metrics.Step);
            }
            FlushNowAndThen();
        }
    }

    /// <summary>Appends an evaluation.</summary>
    public void Write(EvaluationMetrics metrics)
    {
        lock (gate)
        {
            lines.Write(MetricsLine.Write(metrics) + "\n");
            TensorBoardFile board = Board(metrics.Phase);
            board.Scalar("accuracy/top1", metrics.Top1, metrics.Step);
            if (metrics.Top5 is double top5)
            {
                board.Scalar("accuracy/top5", top5, metrics.Step);
            }
            FlushNowAndThen();
        }
    }

    /// <summary>Hands everything written so far to the operating system.</summary>
    public void Flush()
    {
        lock (gate)
        {
            lines.Flush();
            foreach (TensorBoardFile board in boards.Values)
            {
                board.Flush();
            }
            flushed = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Flushes and closes.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            lines.Dispose();
            foreach (TensorBoardFile board in boards.Values)
            {
                board.Dispose();
            }
            boards.Clear();
        }
    }

    private static IEnumerable<KeyValuePair<string, double>> Tags(StepMetrics m)
    {
        (string Tag, double? Value)[] all =
        [
            ("loss/total", m.Loss),
            ("loss/cross_entropy", m.CrossEntropy),
            ("loss/me_max", m.MeMax),
            ("loss/support", m.Support),
            ("watched/target_confidence", m.TargetConfidence),
            ("watched/confident_share", m.ConfidentShare),
            ("watched/instance_discrimination", m.InstanceDiscrimination),
            ("watched/support_classification", m.SupportClassification),
            ("watched/mean_entropy", m.MeanEntropy),
            ("watched/information", m.Information),
            ("watched/embedding_rank", m.EmbeddingRank),
            ("watched/embedding_spread", m.EmbeddingSpread),
            ("optimization/learning_rate", m.LearningRate),
            ("optimization/gradient_norm", m.GradientNorm),
            ("speed/images_per_second", m.ImagesPerSecond),
            ("speed/data_wait_share", m.DataWaitShare),
            ("speed/communication_share", m.CommunicationShare),
            ("memory/resident_mb", m.ResidentMb),
        ];
        return all.Where(t => t.Value.HasValue).Select(t => KeyValuePair.Create(t.Tag, t.Value!.Value));
    }

    private string BoardFolder(string phase) => Path.Combine(runDirectory, TensorBoardFolder, phase);

    private TensorBoardFile Board(string phase)
    {
        if (!boards.TryGetValue(phase, out TensorBoardFile? board))
        {
            boards[phase] = board = new TensorBoardFile(BoardFolder(phase));
        }
        return board;
    }

    private void FlushNowAndThen()
    {
        if (Stopwatch.GetElapsedTime(flushed) > FlushEvery)
        {
            Flush();
        }
    }

    private static StreamWriter Append(string path) =>
        new(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite), new UTF8Encoding(false), 1 << 14);

    private static void DropTornLine(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        long end = file.Length;
        while (end > 0)
        {
            file.Position = end - 1;
            if (file.ReadByte() == '\n')
            {
                break;
            }
            end--;
        }
        file.SetLength(end);
    }
}
