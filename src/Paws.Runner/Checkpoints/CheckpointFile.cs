namespace Paws.Runner.Checkpoints;

/// <summary>What the readers of checkpoint files share: opening, and telling the user what went wrong.</summary>
internal static class CheckpointFile
{
    private const int BufferBytes = 1 << 16;

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="UserErrorException">It is missing or may not be read.</exception>
    public static FileStream OpenRead(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, BufferBytes);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserErrorException($"{path} does not exist. Check the path of the checkpoint.", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CannotRead(path, failure);
        }
    }

    /// <summary>The one line for a file that turned out unusable, or null where the failure is not the file's.</summary>
    public static UserErrorException? Explain(string path, string format, Exception failure) =>
        failure switch
        {
            InvalidDataException => new($"{path} is not a usable {format} file: {failure.Message}. Use another copy of it.", failure),
            EndOfStreamException => new($"{path} is not a usable {format} file: it ends early. Use another copy of it.", failure),
            IOException or UnauthorizedAccessException => CannotRead(path, failure),
            _ => null,
        };

    private static UserErrorException CannotRead(string path, Exception failure) =>
        new($"{path} cannot be read: {failure.Message.ReplaceLineEndings(" ")}", failure);
}
