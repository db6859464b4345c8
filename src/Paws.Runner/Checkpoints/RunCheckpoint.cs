using static TorchSharp.torch;

namespace Paws.Runner.Checkpoints;

/// <summary>
/// What a resumable run keeps in its directory. <c>checkpoint.safetensors</c> is the newest state: tensors <c>encoder.NAME</c>
/// (parameters and buffers), <c>optimizer.momentum</c> (flat) and any others, with a <see cref="RunState"/> as metadata. The one
/// before it stays as <c>checkpoint.previous.safetensors</c>. <c>model.safetensors</c> holds the final weights alone, named as in
/// the published layout. Whenever the program or the machine stops, one of the two checkpoints can be loaded.
/// </summary>
public sealed class RunCheckpoint : IDisposable
{
    /// <summary>The newest checkpoint in a run directory.</summary>
    public const string FileName = "checkpoint.safetensors";

    /// <summary>Final weights in a run directory.</summary>
    public const string ModelFileName = "model.safetensors";

    /// <summary>What names of encoder parameters and buffers begin with.</summary>
    public const string EncoderPrefix = "encoder.";

    /// <summary>Name of the flat momentum buffer.</summary>
    public const string MomentumName = "optimizer.momentum";

    private RunCheckpoint(SafeTensorsReader tensors, string? notice)
    {
        Tensors = tensors;
        Notice = notice;
        State = RunState.Of(tensors.Path, tensors.Metadata);
    }

    /// <summary>Where the run stood.</summary>
    public RunState State { get; }

    /// <summary>The tensors, to be read by name.</summary>
    public SafeTensorsReader Tensors { get; }

    /// <summary>One line to show the user where the previous checkpoint had to serve; otherwise null.</summary>
    public string? Notice { get; }

    /// <summary>The name under which the checkpoint before <paramref name="path"/> is kept.</summary>
    public static string PreviousOf(string path) => Path.ChangeExtension(path, ".previous" + Path.GetExtension(path));

    /// <summary>Whether there is something to resume from.</summary>
    public static bool Exists(string path) => File.Exists(path) || File.Exists(PreviousOf(path));

    /// <summary>Writes a checkpoint aside, flushes it, makes the present one the previous one, and takes its place.</summary>
    /// <exception cref="UserErrorException">The disk is full, or the place cannot be written; the present checkpoint stays.</exception>
    public static void Save(string path, IEnumerable<(string Name, Tensor Value)> tensors, RunState state) =>
        Save(path, tensors, state, FileSteps.Disk);

    internal static void Save(string path, IEnumerable<(string Name, Tensor Value)> tensors, RunState state, FileSteps steps) =>
        AtomicFile.Write(
            path,
            stream => SafeTensorsWriter.WriteTo(stream, tensors, state.ToMetadata()),
            steps,
            part =>
            {
                // A damaged file must not push out the one that was resumed from in its place.
                if (IsUsable(path))
                {
                    steps.Move(path, PreviousOf(path));
                }
                // Stopped here, there is no newest checkpoint, and the previous one is the state it held.
                steps.Move(part, path);
            }
        );

    /// <summary>Opens the newest checkpoint, or the previous one where the newest is missing or damaged.</summary>
    /// <exception cref="UserErrorException">Neither can be used.</exception>
    public static RunCheckpoint Load(string path)
    {
        try
        {
            return Open(path, notice: null);
        }
        catch (UserErrorException failure) when (IsUsable(PreviousOf(path)))
        {
            string why = File.Exists(path) ? failure.Message : $"{path} is missing.";
            return Open(PreviousOf(path), $"{why} Resuming from {PreviousOf(path)} instead.");
        }
    }

    /// <summary>Writes final weights, named as in the published layout, without any prefix.</summary>
    /// <exception cref="UserErrorException">The disk is full, or the place cannot be written.</exception>
    public static void SaveModel(
        string path,
        IEnumerable<(string Name, Tensor Value)> tensors,
        IReadOnlyDictionary<string, string>? metadata = null
    ) => SafeTensorsWriter.Write(path, tensors, metadata);

    /// <inheritdoc/>
    public void Dispose() => Tensors.Dispose();

    private static RunCheckpoint Open(string path, string? notice)
    {
        SafeTensorsReader reader = SafeTensorsReader.Open(path);
        try
        {
            return new RunCheckpoint(reader, notice);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    private static bool IsUsable(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }
        try
        {
            Open(path, notice: null).Dispose();
            return true;
        }
        catch (UserErrorException)
        {
            return false;
        }
    }
}
