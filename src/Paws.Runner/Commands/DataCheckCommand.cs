using System.CommandLine;
using System.Text.Json.Nodes;
using Paws.Data.Datasets;
using Paws.Runner.Reporting;
using Spectre.Console;

namespace Paws.Runner.Commands;

/// <summary><c>paws data check</c>: reads every image, counts the classes, names what cannot be read.</summary>
internal static class DataCheckCommand
{
    /// <summary>Classes shown before the table is cut short.</summary>
    private const int Shown = 30;

    public static Command Create(CommandHost host)
    {
        var folder = new Argument<string>("dir") { Description = "Folder of the images.", HelpName = "DIR" };
        var json = new CommonOptions().Json;
        var command = new VerbCommand(
            "check",
            "Read every image of a data set, say which folder was taken for what, count each class and the images without one, and name "
                + "the images that cannot be read. Exit code 2 when there are any.",
            new Example("Check a folder before training on it", "paws data check photos/")
        );
        command.Add(folder);
        command.Add(json);
        command.SetAction(parse =>
        {
            var console = host.Console(parse.GetValue(json));
            using var data = DataSource.Open(parse.GetValue(folder)!, console, "reading", skipBadImages: true, host.Stop);
            if (!console.Json)
            {
                Show(data, console);
            }
            console.WriteResult(
                new JsonObject
                {
                    ["classes"] = data.Train.Classes.Count,
                    ["train"] = data.Train.Count,
                    ["without_class"] = data.WithoutClass,
                    ["test"] = data.Test.Count,
                    ["folders"] = data.Layout is { } layout ? Folders(layout) : null,
                    ["bad"] = new JsonArray([
                        .. data.SkippedImages.Select(image => new JsonObject { ["name"] = image.Name, ["reason"] = image.Reason }),
                    ]),
                }
            );
            return data.SkippedImages.Count == 0 ? 0 : Failure.UserError;
        });
        return command;
    }

    private static void Show(DatasetPair data, CommandConsole console)
    {
        int[] train = CountByClass(data.Train);
        int[] test = CountByClass(data.Test);
        var table = new Table().RoundedBorder().AddColumns("class", "train", "test");
        table.Columns[1].RightAligned();
        table.Columns[2].RightAligned();
        for (int label = 0; label < Math.Min(train.Length, Shown); label++)
        {
            table.AddRow(Markup.Escape(data.Train.Classes[label]), $"{train[label]}", $"{test[label]}");
        }
        if (train.Length > Shown)
        {
            table.AddRow(
                $"… {train.Length - Shown} more",
                $"{train[Shown..].Min()} to {train[Shown..].Max()}",
                $"{test[Shown..].Min()} to {test[Shown..].Max()}"
            );
        }
        if (data.WithoutClass > 0)
        {
            table.AddRow("without a class", $"{data.WithoutClass}", "");
        }
        table.AddRow("all", $"{data.Train.Count}", $"{data.Test.Count}");
        console.Say(data.Description);
        if (data.Layout is { } layout)
        {
            ShowFolders(layout, console);
        }
        console.People.Write(table);
        foreach (var image in data.SkippedImages)
        {
            console.Say($"cannot be read: {image.Name}: {image.Reason}");
        }
        console.Say(
            data.SkippedImages.Count == 0
                ? "Every image can be read."
                : $"Unreadable images: {data.SkippedImages.Count}. Replace or delete them, or train with --skip-bad-images."
        );
    }

    /// <summary>Which folder was taken for what.</summary>
    private static void ShowFolders(FolderLayout layout, CommandConsole console)
    {
        console.Say($"training images: the class folders of {(layout.Train.Length > 0 ? layout.Train : layout.Root)}");
        console.Say(
            layout.Test is { } test ? $"test images: the class folders of {test}" : "test images: held out, for want of a folder of them"
        );
        foreach (string name in layout.Unlabeled)
        {
            console.Say($"images without a class: {name}");
        }
        foreach (var folder in layout.Unused)
        {
            console.Say($"not used: {folder.Name}, because {folder.Why}");
        }
    }

    private static JsonObject Folders(FolderLayout layout) =>
        new()
        {
            ["train"] = layout.Train.Length > 0 ? layout.Train : ".",
            ["test"] = layout.Test,
            ["unlabeled"] = new JsonArray([.. layout.Unlabeled.Select(name => JsonValue.Create(name))]),
            ["unused"] = new JsonArray([.. layout.Unused.Select(folder => JsonValue.Create(folder.Name))]),
        };

    private static int[] CountByClass(IImageDataset part)
    {
        var counts = new int[part.Classes.Count];
        foreach (int label in part.Labels.Where(label => label != IImageDataset.NoClass))
        {
            counts[label]++;
        }
        return counts;
    }
}
