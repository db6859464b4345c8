using System.Diagnostics;

namespace Paws.Runner.Startup;

/// <summary>
/// When this process came past the stages of its start, each once: what <c>paws bench start</c> reads. A mark costs a look into a
/// short list.
/// </summary>
internal static class StartClock
{
    /// <summary>The program's first line.</summary>
    public const string Main = "runtime started";

    /// <summary>The command line and the configuration are read and checked.</summary>
    public const string Configured = "configuration read";

    /// <summary>libtorch is loaded and the device known.</summary>
    public const string Torch = "libtorch loaded";

    /// <summary>Images and labels are there.</summary>
    public const string Data = "images ready";

    /// <summary>Encoder and optimiser are made, and the run directory is written.</summary>
    public const string Encoder = "encoder made";

    /// <summary>The first batch is augmented.</summary>
    public const string Batch = "first batch";

    /// <summary>The first loss is computed.</summary>
    public const string Forward = "first loss";

    /// <summary>The first gradient is computed.</summary>
    public const string Backward = "first gradient";

    /// <summary>The first update of the weights is done.</summary>
    public const string Step = "first step";

    private static readonly List<(string Stage, long Timestamp)> Marked = [];

    /// <summary>
    /// The stages in the order they were reached, with <see cref="Stopwatch.GetTimestamp"/>, a clock that all processes of a
    /// machine share.
    /// </summary>
    public static IReadOnlyList<(string Stage, long Timestamp)> Stages
    {
        get
        {
            lock (Marked)
            {
                return [.. Marked];
            }
        }
    }

    /// <summary>Remembers the first time that a stage is reached.</summary>
    public static void Mark(string stage)
    {
        lock (Marked)
        {
            if (!Marked.Exists(mark => mark.Stage == stage))
            {
                Marked.Add((stage, Stopwatch.GetTimestamp()));
            }
        }
    }
}
