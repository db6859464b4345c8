namespace Paws.Runner.Config;

/// <summary>What is asked is done, refused, or said not to be done: the checks of a configuration that depend on who gave what.</summary>
internal static class GivenSettings
{
    /// <summary>Refuses what cannot be done, and says what has no effect and what gave way.</summary>
    /// <param name="loaded">The configuration, and who gave what.</param>
    /// <param name="command">Which command was given it.</param>
    /// <param name="note">Where it is said, a sentence each.</param>
    /// <exception cref="UserErrorException">A key cannot be done as it says; one line each.</exception>
    public static void Check(LoadedConfig loaded, string command, Action<string> note)
    {
        var empty = ConfigSchema
            .Paths.Where(path => loaded.Asked(path) && ConfigSchema.Find(path)!.Get(loaded.Config) is "")
            .Select(path => PathWords.Empty($"{path} ({loaded.OriginOf(path).Place})"))
            .ToList();
        if (empty.Count > 0)
        {
            throw new UserErrorException(string.Join('\n', empty));
        }
        PublishedKeys.Check(loaded, command, note);
        foreach (string line in loaded.Notes)
        {
            note(line);
        }
        if (UnreadKeys.Of(loaded, command) is { } unread)
        {
            note(unread);
        }
    }
}
