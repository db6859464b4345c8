namespace Paws.Runner.Config;

/// <summary>Finds what a mistyped name was meant to be.</summary>
public static class NearestName
{
    /// <summary>
    /// The candidate with the smallest edit distance to <paramref name="name"/>, if it is near enough to be a slip of the
    /// fingers (at most a third of the longer name, at least 2) or one of the two begins with the other; otherwise null.
    /// </summary>
    public static string? Find(string name, IEnumerable<string> candidates)
    {
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (string candidate in candidates)
        {
            int distance = Distance(name, candidate);
            int allowed = Math.Max(2, Math.Max(name.Length, candidate.Length) / 3);
            bool prefix = name.Length >= 3 && candidate.StartsWith(name, StringComparison.OrdinalIgnoreCase);
            if ((distance <= allowed || prefix) && distance < bestDistance && distance < Math.Max(name.Length, candidate.Length))
            {
                (best, bestDistance) = (candidate, distance);
            }
        }
        return best;
    }

    /// <summary>Levenshtein distance, letter case ignored: the fewest insertions, deletions and replacements of one character.</summary>
    public static int Distance(string a, string b)
    {
        var row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++)
        {
            row[j] = j;
        }
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}
