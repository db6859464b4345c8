using System.Globalization;

namespace Paws.Runner.Parallel;

/// <summary>Slurm's short forms of lists.</summary>
internal static class SlurmList
{
    /// <summary>The first host of a list such as <c>node[03-05,9],login</c>: <c>node03</c>.</summary>
    public static string FirstHost(string list)
    {
        var bracket = list.IndexOf('[', StringComparison.Ordinal);
        var comma = list.IndexOf(',', StringComparison.Ordinal);
        if (bracket < 0 || (comma >= 0 && comma < bracket))
        {
            return list.Split(',')[0].Trim();
        }
        var close = list.IndexOf(']', bracket);
        var first = list[(bracket + 1)..close].Split(',', '-')[0];
        var rest = list[(close + 1)..].Split(',')[0];
        return (list[..bracket] + first + rest).Trim();
    }

    /// <summary>Tasks of a node from a list such as <c>4(x2),3</c>: four on nodes 0 and 1, three on node 2.</summary>
    public static int TasksOfNode(string list, int node)
    {
        foreach (var part in list.Split(','))
        {
            var pieces = part.Split("(x", 2);
            var tasks = int.Parse(pieces[0], CultureInfo.InvariantCulture);
            var nodes = pieces.Length > 1 ? int.Parse(pieces[1].TrimEnd(')'), CultureInfo.InvariantCulture) : 1;
            if (node < nodes)
            {
                return tasks;
            }
            node -= nodes;
        }
        return 1;
    }
}
