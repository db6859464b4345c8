using System.CommandLine;
using System.Text.Json.Nodes;
using Paws.Data;
using Paws.Data.Datasets;
using Spectre.Console;

namespace Paws.Runner.Commands;

/// <summary><c>paws data list</c>: the data sets that are known by name, and those found in a folder.</summary>
internal static class DataListCommand
{
    private static readonly (string Name, string What, string Get)[] Known =
    [
        ("shapes", "ten classes of drawn shapes, 32 × 32, built in", "nothing to get: paws train"),
        ("cifar10", "60,000 images, 10 classes, 32 × 32", "unpack cifar-10-binary.tar.gz, or class folders of images; then --data DIR"),
        ("imagenet", "1.3 million photographs, 1000 classes", "train/ and val/ with class folders; then --data DIR"),
        (
            "folder",
            "any images of yours",
            "one folder a class (or train/ and test/ of such), images of no class in unlabeled/; then --data DIR"
        ),
    ];

    public static Command Create(CommandHost host)
    {
        var folder = new Argument<string>("dir")
        {
            Description = "Where to look; default datasets.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "datasets",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = new CommonOptions().Json;
        var command = new VerbCommand(
            "list",
            "List the data sets that paws knows, and those found in a folder.",
            new Example("Known data sets, and what is in the folder datasets/", "paws data list"),
            new Example("Look somewhere else", "paws data list /mnt/data")
        );
        command.Add(folder);
        command.Add(json);
        command.SetAction(parse =>
        {
            var console = host.Console(parse.GetValue(json));
            string root = parse.GetValue(folder)!;
            var found = Abandonable.Run(() => Find(root).ToList(), host.Stop);
            if (!console.Json)
            {
                var table = new Table().RoundedBorder().AddColumns("name", "what it is", "how to use it");
                foreach (var (name, what, get) in Known)
                {
                    table.AddRow(name, what, get);
                }
                console.People.Write(table);
                console.Say(found.Count == 0 ? $"No data sets in {root}." : $"Found in {root}:");
                foreach (var (path, kind) in found)
                {
                    console.Say($"  {path}  ({kind}): paws train --data {path}");
                }
            }
            console.WriteResult(
                new JsonObject
                {
                    ["known"] = new JsonArray([.. Known.Select(set => JsonValue.Create(set.Name))]),
                    ["found"] = new JsonArray([.. found.Select(set => new JsonObject { ["path"] = set.Path, ["kind"] = set.Kind })]),
                }
            );
            return 0;
        });
        return command;
    }

    /// <summary>The folder itself if it is a data set, else those of its subfolders that are.</summary>
    private static IEnumerable<(string Path, string Kind)> Find(string root)
    {
        if (!Directory.Exists(root))
        {
            return [];
        }
        return Recognise(root) is { } itself
            ? [(root, itself)]
            : Directory
                .EnumerateDirectories(root)
                .Order(StringComparer.Ordinal)
                .Select(path => (path, Recognise(path)))
                .Where(pair => pair.Item2 is not null)
                .Select(pair => (pair.path, pair.Item2!));
    }

    /// <summary>A quick look at names; <c>paws data check</c> is the thorough one.</summary>
    private static string? Recognise(string path)
    {
        if (Cifar10Binary.IsIn(path))
        {
            return "CIFAR-10, binary files";
        }
        FolderLayout layout;
        try
        {
            layout = FolderLayout.Of(path);
        }
        catch (DataException)
        {
            return null; // paws data check says why
        }
        bool images =
            layout.Classes.Count >= 2 && layout.Classes.Take(2).All(name => HoldsImages(Path.Combine(layout.Root, layout.Train, name)));
        string count = layout.Classes.Count > 1000 ? "over 1000" : $"{layout.Classes.Count}";
        string[] parts = [layout.Train, layout.Test ?? ""];
        string split = string.Join(" and ", parts.Where(name => name.Length > 0));
        string unlabeled = string.Concat(layout.Unlabeled.Select(name => $", {name}"));
        return images ? $"{count} class folders{(split.Length > 0 ? $", {split}" : "")}{unlabeled}" : null;
    }

    private static bool HoldsImages(string folder) =>
        Directory
            .EnumerateFiles(folder)
            .Take(20)
            .Any(file => Path.GetExtension(file).ToLowerInvariant() is ".jpg" or ".jpeg" or ".png" or ".bmp" or ".webp");
}
